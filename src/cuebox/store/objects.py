"""The port under the store: named objects in a folder or a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["ObjectInfo", "Objects"]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as a listing shows it.

    Attributes:
        path: relative to the store, parts joined by `/`.
        size: bytes.
        modified: Unix seconds by the clock of the machine that holds the store.
    """

    path: str
    size: int
    modified: float


class Objects(Protocol):
    """What the store needs of a file system or an object store; safe to use from threads.

    Every write is atomic: no reader ever sees half an object, even if the writer is killed.
    Reads and listings see every write that returned before they began, as local file systems,
    S3, GCS and Azure promise. Anything foreign that goes wrong is raised as `StoreError`.
    """

    location: str

    def get(self, path: str) -> bytes | None:
        """The content; None when there is no such object."""
        ...

    def head(self, path: str) -> ObjectInfo | None:
        """Size and time; None when there is no such object."""
        ...

    def stream(self, path: str) -> Iterator[bytes] | None:
        """The content in pieces; None when there is no such object."""
        ...

    def put(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write, replacing what is there; an error raised by `pieces` leaves nothing behind."""
        ...

    def create(self, path: str, content: bytes) -> bool:
        """Write if absent; False when somebody else's object is there already."""
        ...

    def mark(self, path: str) -> None:
        """Write an empty object that need not survive a power cut."""
        ...

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object below the folder `prefix`, in no order."""
        ...

    def copy(self, path: str, to: str) -> bool:
        """Copy, replacing `to`; False when there is no such object."""
        ...

    def delete(self, path: str) -> None:
        """Remove; nothing happens when it is gone already."""
        ...

    def local_path(self, path: str) -> Path | None:
        """Where the object lies on this machine's disk; None for a remote store."""
        ...

    def discard_staged(self, before: float) -> int:
        """Remove half-written objects older than `before`; how many there were."""
        ...
