"""Held-out conversations typed again key by key, and the figures of it."""
