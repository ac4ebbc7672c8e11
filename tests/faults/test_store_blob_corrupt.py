"""Decay on disk is found, and the message says which blob of which version."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import BlobCorrupt, BlobNotFound, CueboxError
from cuebox.core.manifest import Manifest
from cuebox.store import ObjectModelStore, copy_version, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _flip_a_bit(path: Path) -> None:
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize(
    ("damage", "error"),
    [(_flip_a_bit, BlobCorrupt), (_truncate, BlobCorrupt), (os.unlink, BlobNotFound)],
)
def test_a_damaged_blob_is_found_and_named(
    tmp_path: Path, damage: Callable[[Path], None], error: type[CueboxError]
) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    good, bad = (_publish(store, name) for name in ("good", "bad"))
    ref = bad.files["head.npz"]
    path = store.fetch(ref)
    path.chmod(0o644)
    damage(path)

    reopened = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    with pytest.raises(error) as caught:
        reopened.verify("bad", bad.version)
    for part in (f"bad@{bad.version}", "head.npz", ref.sha256):
        assert part in caught.value.message
    for use in (reopened.read, reopened.fetch):
        with pytest.raises(error, match=ref.sha256):
            use(ref)
    with pytest.raises(error):
        copy_version(reopened, open_store(tmp_path / "copy"), "bad", bad.version)
    reopened.verify("good", good.version)


def _publish(store: ObjectModelStore, name: str) -> Manifest:
    ref = store.put_bytes(f"weights of {name}".encode() * 1000)
    return store.publish(Manifest(kind="classifier", name=name, files={"head.npz": ref}))
