"""Files whose digest was checked before, so that a cold start need not read them again.

Hashing a 25 MB encoder costs 20 to 40 ms, a sixth of a cold start. A file that was hashed once
is remembered by inode, size, mtime and ctime, in memory and in a small file of the cache
folder, and is trusted while all four stay.

What this trades: any write through the file system, truncation and replacement included,
changes the ctime, which no program can set back (copying tools restore only the mtime), so
changed bytes are hashed again and refused. A change below the file system (a disk that decays,
a block written behind its back) keeps the inode as it is and is not seen by `fetch`; `verify`
always reads every byte, and the golden examples are replayed before a version takes traffic.
Whoever can write the cache folder could also have written the blobs: keep both to one user.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_file
from cuebox.core.errors import BlobCorrupt, BlobNotFound, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import FileRef

__all__ = ["VerifiedFiles"]

# A write within the clock tick of the last change leaves the ctime as it was (the "racy" files
# of git's index), so a file that changed just now is not remembered. Ticks are 1 to 10 ms.
_SETTLED_NS = 1_000_000_000


class VerifiedFiles:
    """Checks files against their digests, once while they do not change.

    Args:
        folder: where to remember across processes; one that cannot be written costs only speed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}

    def check(self, path: Path, ref: FileRef) -> None:
        """Return if the file holds what `ref` says.

        Raises:
            BlobNotFound: there is no such file.
            BlobCorrupt: its size or content is another.
        """
        key = f"{ref.sha256}.{_status(path).st_ino:x}"
        before = _identity(_status(path))
        if self._known.get(key) == before or self._remembered(key) == before:
            self._known[key] = before
            return
        checked_at = time.time_ns()
        _compare(path, ref)
        after = _status(path)
        if _identity(after) == before and checked_at - after.st_ctime_ns > _SETTLED_NS:
            self._known[key] = before
            self._remember(key, before)

    def _remembered(self, key: str) -> str | None:
        try:
            return (self._folder / key).read_text()
        except (OSError, UnicodeDecodeError):
            return None

    def _remember(self, key: str, identity: str) -> None:
        staged = self._folder / f"{key}.{os.urandom(4).hex()}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            staged.write_text(identity)
            staged.replace(self._folder / key)


def _compare(path: Path, ref: FileRef) -> None:
    size = _status(path).st_size
    if size != ref.size:
        raise BlobCorrupt(f"blob {ref.sha256} at {path} has {size} bytes instead of {ref.size}")
    digest = sha256_file(path)
    if digest != ref.sha256:
        raise BlobCorrupt(f"blob {ref.sha256} at {path} is damaged: its content is {digest}")


def _identity(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobNotFound(f"there is no blob at {path}") from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
