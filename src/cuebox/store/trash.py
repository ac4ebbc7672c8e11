"""Blobs on their way out: moved aside by garbage collection, brought back when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.store import layout

if TYPE_CHECKING:
    from cuebox.store.objects import Objects

__all__ = ["restore"]


def restore(objects: Objects, digest: str) -> bool:
    """Bring a blob back from the trash; whether one was there.

    A collector that was killed between moving a blob aside and bringing it back leaves it there,
    and whoever misses the blob repairs that.
    """
    for info in objects.walk(layout.TRASH):
        if layout.digest_of(info.path) == digest and objects.move(info.path, layout.blob(digest)):
            return True
    return False
