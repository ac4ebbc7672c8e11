"""Light heads on a shared encoder."""
