"""What the log holds, with the feedback beside what it is about: tomorrow's training data."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, exc, or_, select

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError
from cuebox.core.inference import FeedbackEvent, Shown
from cuebox.inference_log import tables
from cuebox.inference_log.database import check_schema
from cuebox.inference_log.settings import path_of
from cuebox.inference_log.sink import SinkDown
from cuebox.inference_log.sqlite import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Row, Select, Table

__all__ = ["LoggedFeedback", "LoggedShown", "LoggedSuggestion", "export", "read_log"]

_PAGE = 200


class LoggedFeedback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person did.

    Attributes:
        at: Unix seconds.
        text: the final text, where it was told.
    """

    event: FeedbackEvent
    at: float
    client: str = ""
    text: str = ""


class LoggedShown(Shown, frozen=True, kw_only=True):
    """A suggestion, and what a person did with it, oldest first."""

    feedback: list[LoggedFeedback]


class LoggedSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of `/v1/suggest` and what became of it.

    Attributes:
        conversation: None where inputs were not kept.
        shown: best first, as answered.
        feedback: what named the answer itself, as `sent` without any suggestion; oldest first.
    """

    id: str
    at: float
    session: str
    client: str
    conversation: list[Turn] | None
    draft: str
    milliseconds: dict[str, float]
    shown: list[LoggedShown]
    feedback: list[LoggedFeedback]


_turns = msgspec.json.Decoder(list[Turn])
_milliseconds = msgspec.json.Decoder(dict[str, float])


def read_log(
    url: str, *, since: float = 0.0, until: float = math.inf
) -> Iterator[LoggedSuggestion]:
    """Everything suggested from `since` on and before `until` (Unix seconds), oldest first.

    Reads in pages, so that a server which writes meanwhile is never held up.

    Raises:
        DataError: there is no log, it cannot be read, or its schema is another.
        ConfigError: the URL is of no known kind.
    """
    path = path_of(url)
    if not path.is_file():
        raise DataError(f"{path} is no inference log: nothing was suggested yet, or another url")
    return _read(path, since, until)


def export(suggestions: Iterable[LoggedSuggestion]) -> Iterator[bytes]:
    """Suggestions as JSON lines."""
    encode = msgspec.json.Encoder().encode
    for suggestion in suggestions:
        yield encode(suggestion) + b"\n"


def _read(path: Path, since: float, until: float) -> Iterator[LoggedSuggestion]:
    try:
        with open_engine(path, write=False).connect() as connection:
            with connection.begin():
                check_schema(connection, path)
            place = (since, "")
            while page := _page(connection, place, until):
                yield from page
                place = (page[-1].at, page[-1].id)
    except SinkDown as error:
        raise DataError(str(error)) from error
    except exc.DatabaseError as error:
        raise DataError(f"cannot read {path}: {error.orig}") from error


def _page(connection: Connection, place: tuple[float, str], until: float) -> list[LoggedSuggestion]:
    """What was suggested after `place`; a transaction of its own, so that none is open for long."""
    with connection.begin():
        rows = connection.execute(_after(place, until)).all()
        ids = [row.id for row in rows]
        shown: dict[str, list[Row[Any]]] = defaultdict(list)
        for each in _rows_of(connection, tables.shown, ids, "place"):
            shown[each.suggestion].append(each)
        ids += [each.id for shown_rows in shown.values() for each in shown_rows]
        feedback: dict[str, list[LoggedFeedback]] = defaultdict(list)
        for each in _rows_of(connection, tables.feedback, ids, "at"):
            feedback[each.suggestion].append(
                LoggedFeedback(event=each.event, at=each.at, client=each.client, text=each.text)
            )
    return [
        LoggedSuggestion(
            id=row.id,
            at=row.at,
            session=row.session,
            client=row.client,
            conversation=None if row.turns is None else _turns.decode(row.turns),
            draft=row.draft,
            milliseconds=_milliseconds.decode(row.milliseconds),
            shown=[_shown(each, feedback[each.id]) for each in shown[row.id]],
            feedback=feedback[row.id],
        )
        for row in rows
    ]


def _after(place: tuple[float, str], until: float) -> Select[Any]:
    """The oldest suggestions after `place`, with the turns of their conversations."""
    of, told = tables.suggestions.c, tables.conversations.c
    at, last = place
    query = (
        select(tables.suggestions, told.turns)
        .join_from(
            tables.suggestions,
            tables.conversations,
            of.conversation == told.digest,
            isouter=True,
        )
        .where(or_(of.at > at, and_(of.at == at, of.id > last)))
        .order_by(of.at, of.id)
        .limit(_PAGE)
    )
    return query.where(of.at < until) if until < math.inf else query


def _rows_of(
    connection: Connection, table: Table, ids: Sequence[str], order: str
) -> Sequence[Row[Any]]:
    query = select(table).where(table.c.suggestion.in_(ids)).order_by(table.c[order])
    return connection.execute(query).all()


def _shown(row: Row[Any], feedback: list[LoggedFeedback]) -> LoggedShown:
    fields = {name: getattr(row, name) for name in Shown.__struct_fields__}
    return LoggedShown(**fields, feedback=feedback)
