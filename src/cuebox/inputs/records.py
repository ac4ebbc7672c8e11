"""Whole records of a file, filtered, whatever its format."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from cuebox.inputs.cells import cell_text, missing_column
from cuebox.inputs.delimited import delimited_records
from cuebox.inputs.parquet import parquet_records
from cuebox.inputs.source import Source, locate
from cuebox.inputs.structured import json_line_records, json_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cuebox.inputs.settings import FileFormat, SourceSettings

__all__ = ["Record", "matching_records", "read_records"]

Record = dict[str, Any]

_READERS: Mapping[FileFormat, Callable[[Source], Iterator[tuple[int, Record]]]] = {
    "csv": delimited_records,
    "tsv": delimited_records,
    "jsonl": json_line_records,
    "json": json_records,
    "parquet": parquet_records,
}


def read_records(settings: SourceSettings, *, base: Path) -> Iterator[tuple[int, Record]]:
    """Each record that passes `where`, with its line (JSON, Parquet: row number), up to `limit`.

    CSV, TSV, JSONL and Parquet are streamed in bounded memory; a JSON document is read whole.
    Rows that are arrays become records whose keys are the positions `"0"`, `"1"`, ...

    Raises:
        DataError: the file cannot be read as its format, lacks a column, or has no such row.
    """
    return islice(matching_records(locate(settings, base)), settings.limit)


def matching_records(source: Source) -> Iterator[tuple[int, Record]]:
    """Records that pass the settings' `where`; an error when there is none."""
    wanted = {
        column: {value} if isinstance(value, str) else set(value)
        for column, value in source.settings.where.items()
    }
    seen: dict[str, set[str]] = {column: set() for column in wanted}
    total = matched = 0
    for line, record in _READERS[source.format](source):
        total += 1
        if _passes(source, line, record, wanted, seen):
            matched += 1
            yield line, record
    if not total:
        raise source.error(None, "there are no rows, only a header or an empty array")
    if not matched:
        found = "; ".join(f"{name!r} has {_listing(values)}" for name, values in seen.items())
        raise source.error(None, f"`where` matches none of the {total:,} rows: {found}")


def _passes(
    source: Source,
    line: int,
    record: Record,
    wanted: Mapping[str, set[str]],
    seen: Mapping[str, set[str]],
) -> bool:
    passes = True
    for column, values in wanted.items():
        if column not in record:
            raise missing_column(source, line, column, record)
        value = cell_text(record[column]) or ""
        if len(seen[column]) < 10:
            seen[column].add(value)
        passes = passes and value in values
    return passes


def _listing(values: set[str]) -> str:
    return ", ".join(repr(value[:40]) for value in sorted(values)) + (
        ", ..." if len(values) == 10 else ""
    )
