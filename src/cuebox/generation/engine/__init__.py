"""Requests of one model: who is served, where keys and values live, one batch a step."""
