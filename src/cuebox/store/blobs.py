"""Content-addressed blobs: put, read, fetch, check."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

from cuebox.core.digests import sha256_bytes
from cuebox.core.errors import BlobCorrupt, BlobNotFound, StoreError
from cuebox.core.manifest import FileRef
from cuebox.store import layout
from cuebox.store.claims import Claims
from cuebox.store.downloads import Downloads
from cuebox.store.trash import look_also_in_trash
from cuebox.store.verified import VerifiedFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cuebox.store.objects import Objects

__all__ = ["Blobs"]

_PIECE = 1 << 20

T = TypeVar("T")


class Blobs:
    """The blobs of one store.

    Args:
        objects: where they lie.
        cache: local folder for what was downloaded and what was verified.
    """

    def __init__(self, objects: Objects, cache: Path) -> None:
        self._objects = objects
        self._verified = VerifiedFiles(cache / "verified")
        self._downloads = Downloads(cache / "blobs", self._verified)
        self.claims = Claims(objects)

    def put_bytes(self, content: bytes) -> FileRef:
        """Store bytes unless they are there."""
        ref = FileRef(sha256=sha256_bytes(content), size=len(content))
        if not self._claim_existing(ref):
            self._objects.put(layout.blob(ref.sha256), [content])
        return ref

    def put_file(self, path: Path) -> FileRef:
        """Store a file's content unless it is there; reads in pieces, so size does not matter.

        Raises:
            StoreError: the file cannot be read, or changes while it is being stored.
        """
        try:
            if path.stat().st_size <= _PIECE:
                return self.put_bytes(path.read_bytes())
            ref = FileRef.of(path)
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        if not self._claim_existing(ref):
            self._objects.put(layout.blob(ref.sha256), _unchanged(path, ref))
        return ref

    def holds(self, ref: FileRef) -> bool:
        """Whether a blob of the right size is there."""
        found = self._look(ref, self._objects.head)
        return found is not None and found.size == ref.size

    def read(self, ref: FileRef) -> bytes:
        """Implement `ModelStore.read`."""
        content = self._look(ref, self._objects.get)
        if content is None:
            raise self._missing(ref)
        if len(content) != ref.size or sha256_bytes(content) != ref.sha256:
            raise self._corrupt(ref)
        return content

    def fetch(self, ref: FileRef) -> Path:
        """Implement `ModelStore.fetch`: in a local store the blob itself, else a download."""
        path = self._objects.local_path(layout.blob(ref.sha256))
        try:
            if path is None:
                return self._downloads.fetch(ref, lambda: self._stream(ref))
            if not path.exists() and not self.holds(ref):
                raise self._missing(ref)
            self._verified.check(path, ref)
        except BlobCorrupt:
            raise self._corrupt(ref) from None
        return path

    def verify(self, ref: FileRef) -> None:
        """Read every byte where it lies, whatever was remembered, and compare.

        Raises:
            BlobNotFound, BlobCorrupt
        """
        digest, size = hashlib.sha256(), 0
        for piece in self._stream(ref):
            digest.update(piece)
            size += len(piece)
        if size != ref.size or digest.hexdigest() != ref.sha256:
            raise self._corrupt(ref)

    def _claim_existing(self, ref: FileRef) -> bool:
        # The claim comes before the look: see `garbage` for why the order matters.
        self.claims.add(ref.sha256)
        if not self.holds(ref):
            return False
        path = self._objects.local_path(layout.blob(ref.sha256))
        if path is None:
            return True
        try:
            self._verified.check(path, ref)
        except (BlobNotFound, BlobCorrupt):
            return False  # a damaged blob is written anew: publishing again repairs
        return True

    def _stream(self, ref: FileRef) -> Iterator[bytes]:
        pieces = self._look(ref, self._objects.stream)
        if pieces is None:
            raise self._missing(ref)
        return pieces

    def _look(self, ref: FileRef, look: Callable[[str], T | None]) -> T | None:
        path = layout.blob(ref.sha256)
        return look_also_in_trash(self._objects, ref.sha256, lambda: look(path))

    def _missing(self, ref: FileRef) -> BlobNotFound:
        return BlobNotFound(f"blob {ref.sha256} is not in {self._objects.location}")

    def _corrupt(self, ref: FileRef) -> BlobCorrupt:
        where = f"{self._objects.location}/{layout.blob(ref.sha256)}"
        return BlobCorrupt(
            f"blob {ref.sha256} is damaged: {where} does not hold the {ref.size} bytes of that "
            "digest; remove it and publish or copy the version again"
        )


def _unchanged(path: Path, ref: FileRef) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != ref.sha256:
        raise StoreError(f"{path} changed while it was being stored: write it first, then put it")
