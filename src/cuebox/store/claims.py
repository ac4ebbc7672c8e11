"""Claims: small objects that say "about to need this blob" and keep it from collection."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cuebox.store import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.store.objects import Objects

__all__ = ["Claims", "claimed_since"]


class Claims:
    """The claims this process made and has not given back.

    A claim is never refreshed, only made anew under a name of its own, so removing one never
    takes another's protection away. Those of a killed process run out with the grace period.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._mine: dict[str, list[str]] = {}
        self._lock = Lock()

    def add(self, digest: str) -> None:
        """Claim a blob, there or not."""
        path = layout.claim(digest)
        self._objects.mark(path)
        with self._lock:
            self._mine.setdefault(digest, []).append(path)

    def give_back(self, digests: Iterable[str]) -> None:
        """Remove this process's claims on blobs that a committed manifest protects by now."""
        with self._lock:
            paths = [path for digest in digests for path in self._mine.pop(digest, [])]
        for path in paths:
            self._objects.delete(path)


def claimed_since(objects: Objects, since: float) -> set[str]:
    """Digests with a claim made after `since`, in the store's time."""
    return {
        digest
        for info in objects.walk(layout.CLAIMS)
        if info.modified > since and (digest := layout.digest_of(info.path)) is not None
    }
