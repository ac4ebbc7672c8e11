"""Assets that the server ships."""
