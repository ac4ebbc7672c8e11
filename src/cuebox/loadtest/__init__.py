"""Open- and closed-loop load with varied text."""
