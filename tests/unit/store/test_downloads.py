"""Remote blobs are downloaded once, whoever asks, and never kept when they are damaged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cuebox.core.digests import sha256_bytes
from cuebox.core.errors import BlobCorrupt, StoreError
from cuebox.core.manifest import FileRef
from cuebox.store.downloads import Downloads
from cuebox.store.verified import VerifiedFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"weights" * 1000
REF = FileRef(sha256=sha256_bytes(CONTENT), size=len(CONTENT))


class Remote:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.opened = 0

    def __call__(self) -> Iterator[bytes]:
        self.opened += 1
        yield self.content[:10]
        yield self.content[10:]


def downloads(folder: Path) -> Downloads:
    return Downloads(folder / "blobs", VerifiedFiles(folder / "verified"))


def test_threads_download_a_blob_once(tmp_path: Path) -> None:
    remote, shared = Remote(CONTENT), downloads(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: shared.fetch(REF, remote), range(16)))
    (path,) = paths
    assert path.read_bytes() == CONTENT
    assert remote.opened == 1


def test_a_later_process_finds_the_download(tmp_path: Path) -> None:
    remote = Remote(CONTENT)
    downloads(tmp_path).fetch(REF, remote)
    downloads(tmp_path).fetch(REF, remote)
    assert remote.opened == 1


def test_a_copy_damaged_on_disk_is_downloaded_again(tmp_path: Path) -> None:
    remote = Remote(CONTENT)
    path = downloads(tmp_path).fetch(REF, remote)
    path.chmod(0o644)
    path.write_bytes(b"short")
    assert downloads(tmp_path).fetch(REF, remote).read_bytes() == CONTENT
    assert remote.opened == 2


def test_a_damaged_download_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(BlobCorrupt):
        downloads(tmp_path).fetch(REF, Remote(CONTENT.upper()))
    kept = [path for path in (tmp_path / "blobs").rglob("*") if path.suffix != ".lock"]
    assert [path for path in kept if path.is_file()] == []
    assert downloads(tmp_path).fetch(REF, Remote(CONTENT)).read_bytes() == CONTENT


def test_a_broken_connection_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield CONTENT[:10]
        raise StoreError("connection lost")

    with pytest.raises(StoreError, match="connection lost"):
        downloads(tmp_path).fetch(REF, broken)
    assert downloads(tmp_path).fetch(REF, Remote(CONTENT)).read_bytes() == CONTENT


def test_a_cache_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file")
    with pytest.raises(StoreError, match=r"set store\.cache_dir"):
        downloads(tmp_path).fetch(REF, Remote(CONTENT))
