"""Metrics, charts and self-contained pages."""
