"""Row counts for progress bars."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from cuebox.inputs import SourceSettings, count_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "content", "count"),
    [
        ("r.csv", "text,label\na,b\nc,d\n", 2),
        ("r.csv", "text,label\na,b\nc,d", 2),
        ("r.csv", "", 0),
        ("r.jsonl", '{"text": "a"}\n{"text": "b"}\n', 2),
        ("r.json", '[["a"], ["b"], ["c"]]', 3),
    ],
)
def test_small_files_are_counted(tmp_path: Path, name: str, content: str, count: int) -> None:
    (tmp_path / name).write_text(content)
    assert count_rows(SourceSettings(path=name), base=tmp_path) == count
    assert count_rows(SourceSettings(path=name, limit=1), base=tmp_path) == min(1, count)


@pytest.mark.parametrize("packed", [False, True])
def test_large_files_are_estimated(tmp_path: Path, *, packed: bool) -> None:
    content = b"text,label\n" + b"some words of a row,label\n" * 900_000
    (tmp_path / "r.csv").write_bytes(gzip.compress(content, 1) if packed else content)
    assert count_rows(SourceSettings(path="r.csv"), base=tmp_path) == pytest.approx(
        900_000, rel=0.01
    )


def test_parquet_knows(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": ["a"] * 5}), tmp_path / "r.parquet")
    assert count_rows(SourceSettings(path="r.parquet"), base=tmp_path) == 5
