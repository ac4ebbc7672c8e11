"""Past conversations, read from files of turns."""
