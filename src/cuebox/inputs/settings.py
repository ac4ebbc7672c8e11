"""Where rows come from and which columns mean what."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

import msgspec

__all__ = ["Columns", "FileFormat", "SourceSettings", "column_names"]

FileFormat = Literal["csv", "tsv", "jsonl", "json", "parquet"]
Columns = str | int | list[str | int]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of rows and how its columns map to text and labels.

    A column is named as in the header or as a JSON key; where rows are arrays, or a delimited
    file has no header, it is the position, counted from 0.

    Attributes:
        path: the file; relative paths start at the settings file's folder. Gzip is recognised
            by content, whatever the name.
        format: `auto` goes by the suffix (`.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json`,
            `.parquet`, each optionally followed by `.gz`).
        encoding: of text formats; a byte order mark is skipped.
        text: column of the text, or several to be joined by `text_join`, blank ones left out.
        label: column of the label, or several to be joined by `label_join`; None where rows
            carry no label.
        text_join, label_join: what stands between the cells of several columns.
        label_separator: splits a cell into several labels, as in `a|b`; a JSON or Parquet list
            is several labels in any case. With it a blank cell means "no label".
        split: column that says `train`, `validation` or `test`.
        where: keep rows whose column equals the value, or one of the values.
        records: dotted path to the array of rows inside a JSON document.
        blank: what to do with a row whose text or label is blank, null or NaN.
        limit: stop after this many rows.
        delimiter: of a CSV or TSV file, when it is not `,` or a tab.
        header: whether the first line of a CSV or TSV file names the columns.
        quoting: `none` where a quotation mark in a CSV or TSV file is an ordinary character.
    """

    path: str
    format: FileFormat | Literal["auto"] = "auto"
    encoding: str = "utf-8"
    text: Columns = "text"
    text_join: str = " "
    label: Columns | None = "label"
    label_join: str = "/"
    label_separator: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    split: str | int | None = None
    where: dict[str, str | list[str]] = {}
    records: str | None = None
    blank: Literal["error", "skip"] = "error"
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] | None = None
    header: bool = True
    quoting: Literal["minimal", "none"] = "minimal"

    def __post_init__(self) -> None:
        if not self.path:
            raise ValueError("`path` is empty: name a file")
        if self.text == [] or self.label == []:
            raise ValueError("an empty list of columns: name at least one")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(
                f"`encoding` {self.encoding!r} is unknown; try 'utf-8', 'latin-1' or 'cp1252'"
            ) from None


def column_names(columns: Columns | None) -> list[str]:
    """The columns as record keys: positions become their decimal digits."""
    if columns is None:
        return []
    return [str(column) for column in (columns if isinstance(columns, list) else [columns])]
