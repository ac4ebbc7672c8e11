"""The list of answers agents may be offered: found in conversations, reviewed by a person."""
