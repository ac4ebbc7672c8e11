"""Past conversations, read from a file of turns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cuebox.core.errors import DataError
from cuebox.inputs import SourceSettings, read_records
from cuebox.kinds.reply.conversations.rows import ConversationRow
from cuebox.training.held_out import Split, split_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cuebox.kinds.reply.conversations.source import ConversationSource
    from cuebox.kinds.reply.conversations.spoken import SpokenTurn

__all__ = ["Conversation", "read_conversations"]

_OPTIONAL = ("time", "split", "facts", "agent", "task", "turn_kind", "draft")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation from its beginning to its end; it is held out whole."""

    id: str
    split: Split
    turns: tuple[SpokenTurn, ...]


def read_conversations(source: ConversationSource, *, base: Path) -> Iterator[Conversation]:
    """The conversations of a file in its order.

    Raises:
        DataError: the file cannot be read, lacks a column, or a row holds what does not fit; the
            message names file, line and column.
    """
    rows = _Rows(source, base)
    seen: set[str] = set()
    for identity, group in groupby(rows, key=lambda row: row.identity):
        several = list(group)
        if identity in seen:
            raise several[0].problem(
                source.conversation,
                f"conversation {identity!r} was left before; keep its rows together",
            )
        seen.add(identity)
        turns = tuple(row.spoken() for row in several)
        yield Conversation(identity, _split(source, several, turns), turns)
    rows.check_columns()


class _Rows:
    """The file's rows; remembers which of the optional columns were there at all."""

    def __init__(self, source: ConversationSource, base: Path) -> None:
        self._source = source
        self._base = base
        self._seen: set[str] = set()

    def __iter__(self) -> Iterator[ConversationRow]:
        source = self._source
        settings = SourceSettings(
            path=source.path,
            format=source.format,
            encoding=source.encoding,
            delimiter=source.delimiter,
            label=None,
        )
        for line, record in read_records(settings, base=self._base):
            self._seen.update(record)
            yield ConversationRow(source, line, record)

    def check_columns(self) -> None:
        """Object to a column that the settings name and no row has."""
        defaults = type(self._source)(path="-")
        for field in _OPTIONAL:
            column = getattr(self._source, field)
            if column != getattr(defaults, field) and column not in self._seen:
                raise DataError(
                    f"{self._source.path}: no row has the column {column!r} that `{field}` names; "
                    f"the columns are {', '.join(map(repr, sorted(self._seen)))}"
                )


def _split(
    source: ConversationSource, rows: Iterable[ConversationRow], turns: Iterable[SpokenTurn]
) -> Split:
    """The split that the rows agree on, else one drawn by the hash of what is held out whole."""
    first, *others = rows
    split = first.split()
    for row in others:
        if row.split() != split:
            raise row.problem(
                source.split, "another split than the conversation's first row; it needs one"
            )
    if split is not None:
        return split
    name = first.identity
    if source.split_by != "conversation":
        named = (getattr(spoken, source.split_by) for spoken in turns)
        name = next(filter(None, named), name)
    return split_by_name(name, validation=source.validation, test=source.test)
