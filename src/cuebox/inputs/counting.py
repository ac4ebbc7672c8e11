"""How many rows a file holds, without reading it all: the total of a progress bar."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from cuebox.inputs.parquet import parquet_count
from cuebox.inputs.source import Source, locate
from cuebox.inputs.structured import document_rows

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.inputs.settings import SourceSettings

__all__ = ["count_rows"]

_SAMPLE_BYTES = 1 << 24


def count_rows(settings: SourceSettings, *, base: Path) -> int:
    """How many rows `read_rows` may yield, at most `limit`; `where` is not applied.

    Exact for Parquet and JSON documents, and for delimited and JSON lines files up to 16 MiB
    whose cells hold no line ends; beyond that estimated from the mean line of the first 16 MiB.

    Raises:
        DataError: the file cannot be read.
    """
    source = locate(settings, base)
    if source.format == "parquet":
        count = parquet_count(source)
    elif source.format == "json":
        count = len(document_rows(source))
    else:
        count = _lines(source)
        count -= source.format != "jsonl" and settings.header
    return max(0, count if settings.limit is None else min(count, settings.limit))


def _lines(source: Source) -> int:
    with source.open_bytes() as file:
        sample = file.read(_SAMPLE_BYTES)
        whole = len(sample) < _SAMPLE_BYTES
        lines = sample.count(b"\n") or sample.count(b"\r")
        if whole:
            return lines + (bool(sample) and not sample.endswith((b"\n", b"\r")))
        total = _unpacked_size(source) if isinstance(file, gzip.GzipFile) else _size(source)
    return round(lines * max(1.0, total / len(sample)))


def _size(source: Source) -> int:
    return source.path.stat().st_size


def _unpacked_size(source: Source) -> int:
    """The last four bytes of a gzip file are its unpacked size modulo 4 GiB."""
    with source.path.open("rb") as file:
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")
