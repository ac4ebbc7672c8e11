"""The routes, one dialect per file."""
