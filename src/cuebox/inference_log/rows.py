"""Records as rows of the tables."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.inference import SuggestionRecord
from cuebox.inference_log import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from cuebox.inference_log.sink import Record

__all__ = ["rows_of"]

Row = dict[str, Any]


def rows_of(records: Sequence[Record]) -> list[tuple[Table, list[Row]]]:
    """What to insert into each table; tables without rows are left out."""
    conversations: dict[str, str] = {}
    suggestions: list[Row] = []
    shown: list[Row] = []
    feedback: list[Row] = []
    for record in records:
        if isinstance(record, SuggestionRecord):
            suggestions.append(_suggestion(record, conversations))
            shown.extend(_shown(record))
        else:
            feedback.append(_storable(msgspec.structs.asdict(record)))
    told = [{"digest": digest, "turns": turns} for digest, turns in conversations.items()]
    every = (
        (tables.conversations, told),
        (tables.suggestions, suggestions),
        (tables.shown, shown),
        (tables.feedback, feedback),
    )
    return [(table, rows) for table, rows in every if rows]


def _suggestion(record: SuggestionRecord, conversations: dict[str, str]) -> Row:
    row = msgspec.structs.asdict(record)
    del row["shown"]
    row["milliseconds"] = msgspec.json.encode(record.milliseconds).decode()
    row = _storable(row)
    turns = row["conversation"]
    row["conversation"] = digest = _digest(turns) if turns else None
    if digest is not None:
        conversations[digest] = turns
    return row


def _shown(record: SuggestionRecord) -> list[Row]:
    return [
        _storable(msgspec.structs.asdict(each) | {"suggestion": record.id, "place": place})
        for place, each in enumerate(record.shown)
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _storable(row: Row) -> Row:
    """The row without what no database takes: lone surrogates, and NUL (PostgreSQL)."""
    for name, value in row.items():
        if isinstance(value, str) and not (value.isascii() and "\0" not in value):
            row[name] = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return row
