"""Requests, lanes, swap and drain; no HTTP and no concrete engine."""
