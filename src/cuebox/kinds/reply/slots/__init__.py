"""The variable parts of messages: found, taken out, filled in again."""
