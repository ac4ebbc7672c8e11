"""The rows of a file of conversations, read cell by cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.conversation import Fact, Role, Turn
from cuebox.core.errors import DataError
from cuebox.kinds.reply.conversations.facts import flat_facts
from cuebox.kinds.reply.conversations.spoken import SpokenTurn
from cuebox.training.held_out import SPLIT_OF

if TYPE_CHECKING:
    from cuebox.kinds.reply.conversations.source import ConversationSource
    from cuebox.kinds.reply.conversations.spoken import TurnKind
    from cuebox.training.held_out import Split

__all__ = ["ConversationRow"]

_ROLES: dict[str, Role] = {"user": "user", "agent": "agent", "tool": "tool"}
_KINDS: dict[str, TurnKind] = {"picked": "picked", "free": "free"}


class ConversationRow:
    """One row, read field by field."""

    def __init__(self, source: ConversationSource, line: int, record: Mapping[str, Any]) -> None:
        self._source = source
        self._line = line
        self._record = record
        self.identity = str(self._required(source.conversation))

    def problem(self, column: str, message: str) -> DataError:
        """The error for one cell."""
        return DataError(f"{self._source.path}, line {self._line}, {column}: {message}")

    def spoken(self) -> SpokenTurn:
        """The row as a turn."""
        role = self._role()
        kind = self._text(self._source.turn_kind)
        if kind is not None and kind not in _KINDS:
            raise self.problem(self._source.turn_kind, f"{kind!r}; use 'picked' or 'free'")
        return SpokenTurn(
            Turn(role=role, text=self._said(role), time=self._time(), facts=self._facts(role)),
            agent=self._text(self._source.agent),
            task=self._text(self._source.task),
            turn_kind=None if kind is None else _KINDS[kind],
            draft=self._text(self._source.draft),
        )

    def split(self) -> Split | None:
        """What the split column says, None where it is blank."""
        named = self._text(self._source.split)
        if named is None:
            return None
        try:
            return SPLIT_OF[named.strip().lower()]
        except KeyError:
            raise self.problem(
                self._source.split, f"{named!r}; use one of {', '.join(SPLIT_OF)}"
            ) from None

    def _role(self) -> Role:
        said = str(self._required(self._source.role)).strip()
        role = self._source.roles.get(said) or _ROLES.get(said)
        if role is None:
            known = ", ".join(sorted({*_ROLES, *self._source.roles}))
            raise self.problem(
                self._source.role, f"{said!r} is none of {known}; say in `roles` what it means"
            )
        return role

    def _said(self, role: Role) -> str:
        text = self._required(self._source.text)
        if not isinstance(text, str):
            raise self.problem(self._source.text, f"{text!r}; a text is needed")
        if not text.strip() and role != "tool":
            raise self.problem(
                self._source.text, f"the {role}'s turn is blank; leave such rows out"
            )
        return text

    def _time(self) -> float | None:
        value = self._record.get(self._source.time)
        if value is None or value == "" or isinstance(value, datetime):
            return _seconds(value) if isinstance(value, datetime) else None
        try:
            time = float(value)
        except (TypeError, ValueError):
            time = self._iso_time(value)
        if not math.isfinite(time):
            raise self.problem(self._source.time, f"{value!r} is no time")
        return time

    def _iso_time(self, value: object) -> float:
        try:
            return _seconds(datetime.fromisoformat(str(value)))
        except ValueError:
            raise self.problem(
                self._source.time,
                f"{value!r} is neither Unix seconds nor like 2026-11-21T14:05:00+00:00",
            ) from None

    def _facts(self, role: Role) -> dict[str, Fact]:
        value = self._record.get(self._source.facts)
        if isinstance(value, str) and value.strip():
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, RecursionError) as error:
                raise self.problem(self._source.facts, f"not JSON: {error}") from None
        if not value:
            return {}
        if not isinstance(value, Mapping):
            raise self.problem(self._source.facts, f"{value!r}; an object is needed")
        if role != "tool":
            raise self.problem(self._source.facts, f"only tool turns have facts, not {role} turns")
        return flat_facts(value)

    def _text(self, column: str) -> str | None:
        value = self._record.get(column)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return str(value) or None

    def _required(self, column: str) -> object:
        try:
            value = self._record[column]
        except KeyError:
            found = ", ".join(map(repr, list(self._record)[:12]))
            raise self.problem(column, f"there is no such column; there are {found}") from None
        if value is None:
            raise self.problem(column, "it is null; a value is needed")
        return value


def _seconds(time: datetime) -> float:
    """Unix seconds; a time without a zone is taken as UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
