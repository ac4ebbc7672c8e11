"""The tables in a database, as a sink."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from time import monotonic, time
from typing import TYPE_CHECKING

from sqlalchemy import delete, exc, exists, inspect, select

from cuebox.inference_log import tables
from cuebox.inference_log.rows import rows_of
from cuebox.inference_log.sink import SinkDown
from cuebox.inference_log.sqlite import insert_new, make_file, open_engine, same_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from cuebox.inference_log.sink import Record

__all__ = ["Database", "check_schema"]

_DAY = 86_400.0
_TIDY_EVERY_SECONDS = 3600.0
_TIDY_ROWS = 500


class Database:
    """Writes records into the SQLite file at `path`, and deletes what is too old.

    Args:
        retention_days: how long records are kept; 0 for ever.

    Raises:
        SinkDown: the file cannot be opened, is no database, or has a newer schema.
    """

    def __init__(self, path: Path, *, retention_days: float = 0.0) -> None:
        self._path = path
        self._retention = retention_days * _DAY
        self._tidy_at = 0.0
        with _explained(path):
            make_file(path)
            self._file = path.stat()
            self._connection = open_engine(path, write=True).connect()
        try:
            with _explained(path), self._connection.begin():
                _ensure_schema(self._connection, path)
        except SinkDown:
            self.close()
            raise

    def write(self, records: Sequence[Record]) -> None:
        """Insert in one transaction; what is there already stays as it is."""
        rows = rows_of(records)
        with _explained(self._path):
            with self._connection.begin():
                for table, each in rows:
                    self._connection.execute(insert_new(table), each)
            if not same_file(self._path, self._file):
                raise SinkDown(f"{self._path} was deleted or replaced")

    def tidy(self) -> bool:
        """Delete some of what is too old; whether there may be more."""
        if not self._retention or monotonic() < self._tidy_at:
            return False
        with _explained(self._path), self._connection.begin():
            more = _delete_before(self._connection, time() - self._retention)
        if not more:
            self._tidy_at = monotonic() + _TIDY_EVERY_SECONDS
        return more

    def close(self) -> None:
        """Close the connection."""
        with suppress(exc.SQLAlchemyError):
            self._connection.close()


def check_schema(connection: Connection, path: Path) -> None:
    """Refuse tables of another schema.

    Raises:
        SinkDown: with both versions.
    """
    found = connection.scalar(select(tables.schema.c.version))
    if found != tables.VERSION:
        raise SinkDown(
            f"{path} has schema {found}, and this cuebox knows schema {tables.VERSION}: use the "
            "cuebox that wrote it, or another file (inference_log.url)"
        )


def _ensure_schema(connection: Connection, path: Path) -> None:
    """Make the tables where there are none."""
    if not inspect(connection).has_table(tables.schema.name):
        tables.metadata.create_all(connection)
        connection.execute(tables.schema.insert().values(version=tables.VERSION))
    check_schema(connection, path)


def _delete_before(connection: Connection, at: float) -> bool:
    """Delete suggestions, what they showed and what was told of them, a few rows of each."""
    suggestions, told = tables.suggestions, tables.feedback
    old = connection.execute(
        select(suggestions.c.id, suggestions.c.conversation)
        .where(suggestions.c.at < at)
        .order_by(suggestions.c.at)
        .limit(_TIDY_ROWS)
    ).all()
    ids = [row.id for row in old]
    connection.execute(delete(tables.shown).where(tables.shown.c.suggestion.in_(ids)))
    connection.execute(delete(suggestions).where(suggestions.c.id.in_(ids)))
    digests = {row.conversation for row in old if row.conversation is not None}
    unused = ~exists().where(suggestions.c.conversation == tables.conversations.c.digest)
    connection.execute(
        delete(tables.conversations).where(tables.conversations.c.digest.in_(digests), unused)
    )
    early = connection.execute(
        select(told.c.suggestion, told.c.event).where(told.c.at < at).limit(_TIDY_ROWS)
    ).all()
    names = [row.suggestion for row in early]
    connection.execute(delete(told).where(told.c.at < at, told.c.suggestion.in_(names)))
    return max(len(old), len(early)) == _TIDY_ROWS


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what is the database's or the disk's fault into `SinkDown`."""
    try:
        yield
    except OSError as error:
        raise SinkDown(f"{path}: {error.strerror}") from error
    except (exc.DataError, exc.IntegrityError):
        raise  # the fault of a record
    except exc.DatabaseError as error:
        # Not `str(error)`, which repeats the statement.
        raise SinkDown(f"{path}: {error.orig}") from error
