"""Objects as files of a local folder.

Plain system calls instead of obstore's own local store, for three things it does not do: it
syncs data before the name appears (a power cut cannot leave an empty blob under its digest),
files are read-only, and what a killed writer leaves behind lies in one folder where it is
found and removed. It also spares the common case an import of 5 ms and 5 MB.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.durable import sync_folder
from cuebox.core.errors import StoreError
from cuebox.store.objects import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["LocalObjects"]

_STAGED = ".staged"
_PIECE = 1 << 20


class LocalObjects:
    """A folder; made at the first write, so that opening one for reading changes nothing."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.location = str(self._root)

    def get(self, path: str) -> bytes | None:
        """Implement `Objects.get`."""
        with self._explained("read", path):
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def head(self, path: str) -> ObjectInfo | None:
        """Implement `Objects.head`."""
        with self._explained("read", path):
            try:
                found = (self._root / path).stat()
            except FileNotFoundError:
                return None
        return ObjectInfo(path, found.st_size, found.st_mtime)

    def stream(self, path: str) -> Iterator[bytes] | None:
        """Implement `Objects.stream`."""
        with self._explained("read", path):
            try:
                file = (self._root / path).open("rb", buffering=0)
            except FileNotFoundError:
                return None

        def pieces() -> Iterator[bytes]:
            with file, self._explained("read", path):
                while piece := file.read(_PIECE):
                    yield piece

        return pieces()

    def put(self, path: str, pieces: Iterable[bytes]) -> None:
        """Implement `Objects.put`."""
        with self._explained("write", path), self._stage(pieces) as staged:
            target = self._root / path
            _make_folder(target.parent)
            staged.replace(target)
            sync_folder(target.parent)

    def create(self, path: str, content: bytes) -> bool:
        """Implement `Objects.create`.

        A hard link, unlike a rename, fails when the name is taken.
        """
        with self._explained("write", path), self._stage([content]) as staged:
            target = self._root / path
            _make_folder(target.parent)
            try:
                target.hardlink_to(staged)
            except FileExistsError:
                return False
            sync_folder(target.parent)
            return True

    def mark(self, path: str) -> None:
        """Implement `Objects.mark`."""
        with self._explained("write", path):
            target = self._root / path
            _make_folder(target.parent)
            target.touch(mode=0o444)

    def walk(self, prefix: str) -> Iterator[ObjectInfo]:
        """Implement `Objects.walk`."""
        with self._explained("list", prefix):
            for folder, _, files in os.walk(self._root / prefix, onerror=_raise_unless_gone):
                for name in files:
                    path = Path(folder, name)
                    # A file may be moved or removed between its listing and its stat.
                    with suppress(FileNotFoundError):
                        found = path.stat()
                        relative = path.relative_to(self._root).as_posix()
                        yield ObjectInfo(relative, found.st_size, found.st_mtime)

    def copy(self, path: str, to: str) -> bool:
        """Implement `Objects.copy`: a second name for the same bytes, which never change."""
        with self._explained("copy", path):
            target, staged = self._root / to, self._new_staged()
            _make_folder(target.parent)
            try:
                staged.hardlink_to(self._root / path)
                staged.replace(target)
            except FileNotFoundError:
                return False
            finally:
                # Renaming one name of a file onto another of the same file leaves both.
                staged.unlink(missing_ok=True)
            sync_folder(target.parent)
            return True

    def delete(self, path: str) -> None:
        """Implement `Objects.delete`."""
        with self._explained("delete", path):
            (self._root / path).unlink(missing_ok=True)

    def local_path(self, path: str) -> Path:
        """Implement `Objects.local_path`."""
        return self._root / path

    def discard_staged(self, before: float) -> int:
        """Implement `Objects.discard_staged`."""
        left = [info for info in self.walk(_STAGED) if info.modified < before]
        for info in left:
            self.delete(info.path)
        return len(left)

    @contextmanager
    def _stage(self, pieces: Iterable[bytes]) -> Iterator[Path]:
        """A synced, read-only file with the content, removed on leaving unless it was moved."""
        staged = self._new_staged()
        try:
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                for piece in pieces:
                    _write_all(file.fileno(), piece)
                os.fsync(descriptor)
            yield staged
        finally:
            staged.unlink(missing_ok=True)

    def _new_staged(self) -> Path:
        folder = self._root / _STAGED
        _make_folder(folder)
        return folder / os.urandom(16).hex()

    @contextmanager
    def _explained(self, verb: str, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"cannot {verb} {self._root / path}: {reason}") from error


def _raise_unless_gone(error: OSError) -> None:
    # A folder that cannot be read must not pass for an empty one: garbage collection would
    # take the blobs of the versions in it.
    if not isinstance(error, FileNotFoundError):
        raise error


def _write_all(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, synced, so that they outlive a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
