"""The encoder itself: text to embedding."""
