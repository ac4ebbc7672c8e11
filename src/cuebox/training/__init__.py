"""Splits, runs, export, compression, parity and gates."""
