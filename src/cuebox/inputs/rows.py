"""Rows to train on and texts to predict, mapped from a file's columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cuebox.core.errors import DataError
from cuebox.inputs.cells import cell_text, missing_column, record_labels, record_text
from cuebox.inputs.records import Record, matching_records
from cuebox.inputs.settings import column_names
from cuebox.inputs.source import Source, locate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cuebox.inputs.settings import SourceSettings

__all__ = ["Row", "TextRow", "read_rows", "read_texts"]


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text.

    Attributes:
        text: as it stands in the file, before normalisation; never blank.
        labels: none, one or several, each once.
        split: what the split column says, where there is one.
        line: where the row starts, from 1 (JSON document, Parquet: the row's number).
    """

    text: str
    labels: tuple[str, ...]
    split: str | None
    line: int


@dataclass(frozen=True, slots=True)
class TextRow:
    """One text to predict, with the whole record it came in.

    Attributes:
        text: as it stands; empty where `error` says why there is none.
        error: what is wrong with this row, so that one bad row does not stop a large file.
    """

    line: int
    text: str
    record: Record
    error: DataError | None = None


def read_rows(settings: SourceSettings, *, base: Path) -> Iterator[Row]:
    """The labelled rows of a file, in order, up to `limit`.

    Memory is bounded as in `read_records`.

    Raises:
        DataError: the file, a column or a cell is not as the settings say; the message names
            file, line and column. Also when no row is left.
    """
    return islice(_rows(locate(settings, base)), settings.limit)


def read_texts(settings: SourceSettings, *, base: Path) -> Iterator[TextRow]:
    """The texts of a file with their whole records; labels are not looked at.

    Raises:
        DataError: the file cannot be read or the first record lacks a text column. What is wrong
            with one row alone is that row's `error`.
    """
    source = locate(settings, base)
    for number, (line, record) in enumerate(islice(matching_records(source), settings.limit)):
        try:
            text = record_text(source, line, record)
            error = None if text else source.error(line, "the text is blank")
        except DataError as problem:
            if number == 0 and not _has_columns(source, record):
                raise
            text, error = None, problem
        yield TextRow(line, text or "", record, error)


def _has_columns(source: Source, record: Record) -> bool:
    return all(column in record for column in column_names(source.settings.text))


def _rows(source: Source) -> Iterator[Row]:
    settings = source.settings
    kept = skipped = first = 0
    for line, record in matching_records(source):
        text = record_text(source, line, record)
        labels = () if settings.label is None else record_labels(source, line, record)
        if text is None or labels is None:
            if settings.blank == "error":
                raise _blank(source, line, "text" if text is None else "label")
            skipped, first = skipped + 1, first or line
            continue
        kept += 1
        yield Row(text, labels, _split(source, line, record), line)
    if not kept:
        raise source.error(
            first, f"no row is left: {skipped:,} have a blank text or label, this is the first"
        )


def _split(source: Source, line: int, record: Record) -> str | None:
    if source.settings.split is None:
        return None
    column = str(source.settings.split)
    if column not in record:
        raise missing_column(source, line, column, record)
    return cell_text(record[column])


def _blank(source: Source, line: int, what: str) -> DataError:
    column = source.settings.text if what == "text" else source.settings.label
    hint = "; set label_separator if a row may have no label" if what == "label" else ""
    return source.error(
        line,
        f"the {what} is blank (column {column!r}); set blank = 'skip' to leave such rows out{hint}",
    )
