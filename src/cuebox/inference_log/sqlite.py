"""SQLite: how a file is found, opened and locked, and its insert that spares what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, pool
from sqlalchemy.dialects.sqlite import insert

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Insert, Table

__all__ = ["insert_new", "make_file", "open_engine", "same_file"]

_BUSY_SECONDS = 5.0


def open_engine(path: Path, *, write: bool) -> Engine:
    """Connections to the file at `path`; those that write take its lock as they begin.

    A transaction that reads first and then writes would be refused as soon as another process
    writes in between; one that begins with the lock waits for its turn.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS},
        # Messages of errors would repeat what people wrote.
        hide_parameters=True,
        # A closed connection is closed: the last one folds the write-ahead log into the file.
        poolclass=pool.NullPool,
    )
    event.listen(engine, "connect", _set_up_writer if write else _set_up_reader)
    event.listen(engine, "begin", _begin_write if write else _begin_read)
    return engine


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read, unless there is one.

    SQLite gives the files beside it (`-wal`, `-shm`) the same mode.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def same_file(path: Path, before: os.stat_result) -> bool:
    """Whether `path` still names the file it named before.

    SQLite goes on writing into a file that was deleted, and tells nobody.
    """
    try:
        now = path.stat()
    except OSError:
        return False
    return (now.st_dev, now.st_ino) == (before.st_dev, before.st_ino)


def insert_new(table: Table) -> Insert:
    """Insert rows; those whose key is taken change nothing.

    PostgreSQL's dialect has the same statement under the same name.
    """
    return insert(table).on_conflict_do_nothing()


def _set_up_writer(connection: Any, _record: object) -> None:  # noqa: ANN401 - of any driver
    # The driver begins no transactions: SQLAlchemy's documentation, "Serializable isolation".
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode a power cut may cost the last transactions, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")


def _set_up_reader(connection: Any, _record: object) -> None:  # noqa: ANN401 - of any driver
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _begin_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
