"""Bounded caches."""
