"""What a record's cells say: text, labels, split."""

from __future__ import annotations

import math
from difflib import get_close_matches
from itertools import product
from typing import TYPE_CHECKING, Any

from cuebox.inputs.settings import column_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.errors import DataError
    from cuebox.inputs.source import Source

__all__ = ["cell_text", "missing_column", "record_labels", "record_text"]


def cell_text(value: object) -> str | None:
    """A plain value as stripped text; None when it is blank, null or NaN.

    Whole floats lose their `.0`, since a column of integers with gaps is often stored as floats.

    Raises:
        TypeError: the value is a list or an object.
    """
    if isinstance(value, str):
        return value.strip() or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, dict)):
        raise TypeError(f"a {'list' if isinstance(value, list) else 'nested object'}")
    return str(value)


def record_text(source: Source, line: int, record: Mapping[str, Any]) -> str | None:
    """The text of a record as it stands, columns joined; None when all of them are blank.

    Raises:
        DataError: a missing column, or a value that is not a string.
    """
    parts = []
    for column in column_names(source.settings.text):
        value = _cell(source, line, record, column)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if not isinstance(value, str):
            raise source.error(
                line, f"column {column!r} holds {_shown(value)}, where text was expected"
            )
        if value.strip():
            parts.append(value)
    return source.settings.text_join.join(parts) or None


def record_labels(source: Source, line: int, record: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The labels of a record, each once, in the order given; None when the cell is blank.

    Several label columns are joined, each combination of their labels being one label: domain
    `media` with intents `a|b` is `media/a` and `media/b`.

    Raises:
        DataError: a missing column, or a value that is no label.
    """
    settings = source.settings
    several = [
        _labels(source, line, column, _cell(source, line, record, column))
        for column in column_names(settings.label)
    ]
    if any(labels is None for labels in several):
        return None
    combined = product(*(labels for labels in several if labels is not None))
    return tuple(dict.fromkeys(settings.label_join.join(parts) for parts in combined))


def missing_column(source: Source, line: int, column: str, record: Mapping[str, Any]) -> DataError:
    """The error for a column that a record lacks; lists the columns it has."""
    names = list(record)
    close = get_close_matches(column, names, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|,"):
        hint = "; set `delimiter`, the header was not split"
    shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
    return source.error(line, f"no column {column!r}; the columns are {shown}{hint}")


def _cell(source: Source, line: int, record: Mapping[str, Any], column: str) -> object:
    try:
        return record[column]
    except KeyError:
        raise missing_column(source, line, column, record) from None


def _labels(source: Source, line: int, column: str, value: object) -> list[str] | None:
    """Labels in one cell; None when it is blank and labels are not a list of any length."""
    separator = source.settings.label_separator
    try:
        if isinstance(value, list):
            return [text for item in value if (text := cell_text(item))]
        text = cell_text(value)
    except TypeError as error:
        raise source.error(
            line, f"column {column!r} holds {error}, where a label was expected"
        ) from None
    if separator is None:
        return None if text is None else [text]
    return [part.strip() for part in (text or "").split(separator) if part.strip()]


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text[:60]}..." if len(text) > 60 else text
