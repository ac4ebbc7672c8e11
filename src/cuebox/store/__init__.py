"""Versions, aliases and blobs on obstore."""
