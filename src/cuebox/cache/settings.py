"""How much the embedding cache may hold."""

import msgspec

__all__ = ["CacheSettings"]


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the embedding cache; either set to 0 turns it off.

    Attributes:
        entries: most embeddings remembered.
        max_bytes: most memory they may take, keys included.
    """

    entries: int = 50_000
    max_bytes: int = 128 * 1024 * 1024
