"""CSV and TSV, streamed."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.inputs.source import Source

__all__ = ["MAX_FIELD_CHARS", "delimited_records"]

# An unclosed quotation mark swallows the rest of the file into one field; this stops it.
MAX_FIELD_CHARS = 4 * 1024 * 1024


def delimited_records(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each record with the line it starts on; blank lines are passed over.

    Raises:
        DataError: no header, a column named twice, a row with more or fewer cells than the
            header, or quotation marks that do not close.
    """
    with source.open_text() as text:
        names: list[str] | None = None
        for line, cells in _numbered(source, source.lines(text)):
            if names is None:
                names = _names(source, line, cells)
                if source.settings.header:
                    continue
            if len(cells) != len(names):
                raise source.error(
                    line, f"{len(cells)} cells where {len(names)} were expected{_quote_hint(cells)}"
                )
            yield line, dict(zip(names, cells, strict=True))
        if names is None:
            raise source.error(None, "the file is empty")


def _numbered(source: Source, lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    if csv.field_size_limit() < MAX_FIELD_CHARS:
        csv.field_size_limit(MAX_FIELD_CHARS)
    settings = source.settings
    reader = csv.reader(
        lines,
        delimiter=settings.delimiter or ("\t" if source.format == "tsv" else ","),
        quoting=csv.QUOTE_NONE if settings.quoting == "none" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise source.error(start, f"{_explain(error)}") from error
        if cells:
            yield start, cells


def _names(source: Source, line: int, cells: list[str]) -> list[str]:
    """Column names; positions where there is no header or a header cell is blank."""
    if not source.settings.header:
        return [str(index) for index in range(len(cells))]
    names = [cell.strip() or str(index) for index, cell in enumerate(cells)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise source.error(line, f"the header names column {twice[0]!r} twice; rename one")
    return names


def _explain(error: csv.Error) -> str:
    message = str(error)
    if "field larger" in message:
        return (
            f"a field of more than {MAX_FIELD_CHARS:,} characters starts here; is a quotation "
            "mark left open? If quotation marks are ordinary characters, set quoting = 'none'"
        )
    if "unexpected end" in message:
        return (
            "the quotation mark opened here is never closed; if quotation marks are ordinary "
            "characters in this file, set quoting = 'none'"
        )
    return f"{message}; if quotation marks are ordinary characters, set quoting = 'none'"


def _quote_hint(cells: list[str]) -> str:
    if any("\n" in cell for cell in cells):
        return "; a cell spans lines: is a quotation mark left open?"
    return "; quote cells that contain the delimiter, or set `delimiter`"
