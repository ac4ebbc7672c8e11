"""A least-recently-used cache of embeddings."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuebox.cache.settings import CacheSettings
    from cuebox.core.types import Embedded

__all__ = ["LruEmbeddingCache"]

# Python and numpy objects around one entry: dict slot, key tuple, Embedded, array header.
_OVERHEAD_BYTES = 400


class LruEmbeddingCache:
    """Embeddings by (encoder digest, normalised text), bounded in entries and bytes.

    Safe to call from several threads; one lock guards a dict move, so a hit costs well under a
    microsecond.
    """

    def __init__(self, settings: CacheSettings) -> None:
        self._max_entries = settings.entries
        self._max_bytes = settings.max_bytes
        self._entries: OrderedDict[tuple[str, str], Embedded] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = 0
        self._hits = 0
        self._misses = 0
        self._evictions = 0

    def get(self, digest: str, text: str) -> Embedded | None:
        """What is remembered of `text`, or None; counts a hit or a miss."""
        key = (digest, text)
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                self._misses += 1
                return None
            self._entries.move_to_end(key)
            self._hits += 1
            return found

    def put(self, digest: str, text: str, embedded: Embedded) -> None:
        """Remember; evicts the least recently used beyond either bound."""
        key = (digest, text)
        size = _size(key, embedded)
        if size > self._max_bytes or self._max_entries < 1:
            return
        with self._lock:
            previous = self._entries.pop(key, None)
            if previous is not None:
                self._bytes -= _size(key, previous)
            self._entries[key] = embedded
            self._bytes += size
            while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
                old_key, old = self._entries.popitem(last=False)
                self._bytes -= _size(old_key, old)
                self._evictions += 1

    def drop(self, digest: str) -> None:
        """Forget everything of one encoder."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == digest]:
                self._bytes -= _size(key, self._entries.pop(key))

    def stats(self) -> dict[str, int]:
        """`entries`, `bytes`, `hits`, `misses`, `evictions` since start."""
        with self._lock:
            return {
                "entries": len(self._entries),
                "bytes": self._bytes,
                "hits": self._hits,
                "misses": self._misses,
                "evictions": self._evictions,
            }


def _size(key: tuple[str, str], embedded: Embedded) -> int:
    # A str holds 1, 2 or 4 bytes a character; 4 is the safe side for anything but ASCII.
    width = 1 if key[1].isascii() else 4
    return _OVERHEAD_BYTES + width * len(key[1]) + embedded.vector.nbytes
