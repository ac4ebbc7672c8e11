"""Blobs of a remote store, kept on this machine's disk to be memory-mapped."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cuebox.core.errors import BlobCorrupt, BlobNotFound, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cuebox.core.manifest import FileRef
    from cuebox.store.verified import VerifiedFiles

__all__ = ["Downloads"]


class Downloads:
    """A folder of blobs that threads and processes of one machine share.

    Each blob is downloaded once: the others wait on a file lock, which the kernel drops with
    its holder, so a killed download blocks nobody.
    """

    def __init__(self, folder: Path, verified: VerifiedFiles) -> None:
        self._folder = folder
        self._verified = verified

    def fetch(self, ref: FileRef, open_blob: Callable[[], Iterable[bytes]]) -> Path:
        """Path of the verified blob, downloaded when it is absent or damaged here.

        Raises:
            BlobCorrupt: what was downloaded is not what `ref` says.
        """
        path = self._folder / ref.sha256[:2] / ref.sha256
        if self._holds(path, ref):
            return path
        with self._lock(path):
            if not self._holds(path, ref):
                self._download(path, ref, open_blob())
        return path

    def _holds(self, path: Path, ref: FileRef) -> bool:
        try:
            self._verified.check(path, ref)
        except (BlobNotFound, BlobCorrupt):
            return False
        return True

    def _download(self, path: Path, ref: FileRef, pieces: Iterable[bytes]) -> None:
        staged = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        try:
            with staged.open("wb") as file:
                file.writelines(pieces)
            staged.chmod(0o444)
            self._verified.check(staged, ref)
            staged.replace(path)
        except OSError as error:
            raise StoreError(f"cannot keep a blob at {path}: {error.strerror}") from error
        finally:
            staged.unlink(missing_ok=True)

    @contextmanager
    def _lock(self, path: Path) -> Iterator[None]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"cannot keep blobs in {self._folder}: {error.strerror}; set store.cache_dir"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
