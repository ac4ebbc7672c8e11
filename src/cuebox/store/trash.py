"""Blobs on their way out: set aside by garbage collection, brought back when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cuebox.store import layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.store.objects import Objects

__all__ = ["look_also_in_trash"]

T = TypeVar("T")


def look_also_in_trash(objects: Objects, digest: str, look: Callable[[], T | None]) -> T | None:
    """What `look` finds of a blob, after bringing it back from the trash where that is needed.

    A blob is there while its collector decides whether it may go, and for longer when that
    collector was killed. The copy in the trash stays: its collector may still have to bring it
    back once more.
    """
    found = look()
    while found is None and _bring_back(objects, digest):
        found = look()
    return found


def _bring_back(objects: Objects, digest: str) -> bool:
    """Whether looking again makes sense: copies vanish when a collector was quicker."""
    trashed = [
        info.path for info in objects.walk(layout.TRASH) if layout.digest_of(info.path) == digest
    ]
    for path in trashed:
        if objects.copy(path, layout.blob(digest)):
            break
    return bool(trashed)
