"""The encoder itself: text to embedding.

Serving imports this room, so it stays light: `export` and `evaluate`, which it never touches,
bring in the training rooms.
"""

from cuebox.kinds.encoder.kind import EncoderKind

__all__ = ["KIND"]

KIND = EncoderKind()
