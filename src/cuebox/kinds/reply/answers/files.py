"""The file of an answer list: read as a whole, replaced in one step, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cuebox.core.durable import sync_folder
from cuebox.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MAX_BYTES", "locked", "read_file", "replace_file"]

MAX_BYTES = 256 << 20
_LOCK_SECONDS = 3.0
_LOOK_AGAIN = 0.01


def read_file(path: Path) -> tuple[bytes, float]:
    """The bytes of a regular file, and when it was last written, in Unix seconds.

    Raises:
        FileNotFoundError: there is none.
        OSError: a link, a folder, a pipe, a file of more than `MAX_BYTES`, or it cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a file")
        if status.st_size > MAX_BYTES:
            raise OSError(f"larger than {MAX_BYTES >> 20} MiB")
        return file.read(), status.st_mtime


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, or leave the file as it is; on disk when it returns.

    The mode of the file that was there stays.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            if path.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one that changes the file, among all threads and processes that ask here.

    Raises:
        Unavailable: another has held it for seconds, or the lock file, `.NAME.lock` beside the
            file, cannot be written.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path.with_name(f".{path.name}.lock"), flags, 0o666)
    except OSError as error:
        raise Unavailable(f"{path.name} cannot be locked: {error.strerror or error}") from error
    try:
        until = time.monotonic() + _LOCK_SECONDS
        while not _taken(descriptor):
            if time.monotonic() > until:
                raise Unavailable(
                    f"{path.name} is being written by another process: try again", retry_after=1.0
                )
            time.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
