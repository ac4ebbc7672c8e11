"""A verified file is not read again, and a changed one never passes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from cuebox.core.digests import sha256_bytes, sha256_file
from cuebox.core.errors import BlobCorrupt, BlobNotFound
from cuebox.core.manifest import FileRef
from cuebox.store import verified
from cuebox.store.verified import VerifiedFiles

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"weights"
REF = FileRef(sha256=sha256_bytes(CONTENT), size=len(CONTENT))


@pytest.fixture
def blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # As if the file had been written long before.
    monkeypatch.setattr(verified, "_SETTLED_NS", -1)
    path = tmp_path / "blob"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    calls: list[Path] = []

    def counted(path: Path) -> str:
        calls.append(path)
        return sha256_file(path)

    monkeypatch.setattr("cuebox.store.verified.sha256_file", counted)
    return calls


def test_a_file_is_hashed_once_by_all_processes(
    blob: Path, hashed: list[Path], tmp_path: Path
) -> None:
    first = VerifiedFiles(tmp_path / "marks")
    first.check(blob, REF)
    first.check(blob, REF)
    VerifiedFiles(tmp_path / "marks").check(blob, REF)
    assert hashed == [blob]


def test_a_flipped_bit_is_seen_even_when_the_time_is_set_back(blob: Path, tmp_path: Path) -> None:
    files = VerifiedFiles(tmp_path / "marks")
    files.check(blob, REF)
    before = blob.stat()
    _wait_for_another_tick(blob)
    with blob.open("r+b") as file:
        file.write(b"W")
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    for checker in (files, VerifiedFiles(tmp_path / "marks")):
        with pytest.raises(BlobCorrupt, match=REF.sha256):
            checker.check(blob, REF)


def test_another_file_in_its_place_is_hashed_again(
    blob: Path, hashed: list[Path], tmp_path: Path
) -> None:
    files = VerifiedFiles(tmp_path / "marks")
    files.check(blob, REF)
    other = tmp_path / "other"
    other.write_bytes(b"WEIGHTS")
    other.replace(blob)
    with pytest.raises(BlobCorrupt):
        files.check(blob, REF)
    assert hashed == [blob, blob]


def test_a_truncated_file_is_refused(blob: Path, tmp_path: Path) -> None:
    files = VerifiedFiles(tmp_path / "marks")
    files.check(blob, REF)
    _wait_for_another_tick(blob)
    os.truncate(blob, 3)
    with pytest.raises(BlobCorrupt, match="3 bytes instead of 7"):
        files.check(blob, REF)


def test_a_removed_file_is_missed(blob: Path, tmp_path: Path) -> None:
    files = VerifiedFiles(tmp_path / "marks")
    files.check(blob, REF)
    blob.unlink()
    with pytest.raises(BlobNotFound):
        files.check(blob, REF)


def test_a_file_that_changed_just_now_is_not_remembered(
    blob: Path, hashed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified, "_SETTLED_NS", 60_000_000_000)
    files = VerifiedFiles(tmp_path / "marks")
    files.check(blob, REF)
    files.check(blob, REF)
    assert hashed == [blob, blob]


def test_a_mark_that_means_nothing_is_ignored(
    blob: Path, hashed: list[Path], tmp_path: Path
) -> None:
    VerifiedFiles(tmp_path / "marks").check(blob, REF)
    (mark,) = (tmp_path / "marks").iterdir()
    mark.write_bytes(b"\xff\xfe")
    VerifiedFiles(tmp_path / "marks").check(blob, REF)
    assert hashed == [blob, blob]


def test_a_folder_that_cannot_be_written_costs_only_time(blob: Path, hashed: list[Path]) -> None:
    VerifiedFiles(blob / "not-a-folder").check(blob, REF)
    VerifiedFiles(blob / "not-a-folder").check(blob, REF)
    assert hashed == [blob, blob]


def _wait_for_another_tick(blob: Path) -> None:
    """Until the file system's clock, which ticks every few milliseconds, has moved on."""
    probe = blob.with_name("probe")
    while True:
        probe.touch()
        if probe.stat().st_ctime_ns > blob.stat().st_ctime_ns:
            return
        time.sleep(0.001)
