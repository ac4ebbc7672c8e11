"""Errors, types, ports and the manifest: what every other room agrees on."""
