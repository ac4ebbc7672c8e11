"""The tables in SQLite: schema, retention, and what hostile text leaves behind."""

from __future__ import annotations

import sqlite3
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from cuebox.core.errors import DataError
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log import tables
from cuebox.inference_log.database import Database
from cuebox.inference_log.reading import read_log
from cuebox.inference_log.sink import SinkDown
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.inference_log.sink import Record

_DAY = 86_400.0


def write(path: Path, records: Sequence[Record]) -> None:
    database = Database(path)
    database.write(records)
    database.close()


def query(path: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "log.sqlite"
    database = Database(path)
    database.write([suggestion("s")])
    for each in path.parent.iterdir():  # the write-ahead log too
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    database.close()
    assert [each.name for each in path.parent.iterdir()] == ["log.sqlite"]


def test_a_conversation_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    keystrokes = [suggestion(f"s{number}", draft="Hello"[:number]) for number in range(5)]
    write(path, keystrokes[:3])
    write(path, [*keystrokes, suggestion("other", conversation="[]")])
    assert query(path, "select count(*) from conversations") == [(2,)]
    assert query(path, "select count(*) from suggestions") == [(6,)]


def test_another_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    write(path, [suggestion("s")])
    query(path, "update inference_log_schema set version = 7")
    with pytest.raises(SinkDown, match=r"log\.sqlite has schema 7, and this cuebox knows schema 1"):
        Database(path)
    with pytest.raises(DataError, match="has schema 7"):
        list(read_log(f"sqlite:///{path}"))


def test_hostile_text_is_kept_as_far_as_databases_go(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    texts = ("a\0b", "lone \ud800 surrogate", "'; drop table shown; --", "😀 日本語 \u202e", "")
    write(path, [suggestion("s", texts=texts, draft="%s ? :x {y}")])
    (found,) = read_log(f"sqlite:///{path}")
    assert [each.text for each in found.shown] == [
        "a\ufffdb",
        "lone ? surrogate",
        *texts[2:],
    ]
    assert found.draft == "%s ? :x {y}"


def test_one_bad_record_writes_nothing_of_its_batch(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    database = Database(path)
    with pytest.raises(Exception, match="NOT NULL") as caught:
        database.write([suggestion("good"), suggestion("bad", score=float("nan"))])
    assert not isinstance(caught.value, SinkDown)
    assert "Hello" not in str(caught.value)
    database.write([suggestion("good")])
    database.close()
    assert [each.id for each in read_log(f"sqlite:///{path}")] == ["good"]


def test_what_is_too_old_goes_slice_by_slice(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    now = time.time()
    old = [
        suggestion(f"old{number}", at=now - 40 * _DAY, conversation=f"[{number}]")
        for number in range(1100)
    ]
    young = [
        suggestion("young", at=now, conversation="[0]"),
        suggestion("yesterday", at=now - _DAY, conversation="[]"),
    ]
    told = [
        FeedbackRecord(suggestion="old1.0", event="shown", at=now - 40 * _DAY),
        FeedbackRecord(suggestion="young.0", event="shown", at=now),
    ]
    write(path, [*old, *young, *told])
    database = Database(path, retention_days=30)
    assert [database.tidy(), database.tidy(), database.tidy()] == [True, True, False]
    database.close()
    assert query(path, "select id from suggestions order by id") == [("yesterday",), ("young",)]
    assert query(path, "select id from shown order by id") == [("yesterday.0",), ("young.0",)]
    assert query(path, "select suggestion from feedback") == [("young.0",)]
    assert query(path, "select turns from conversations order by 1") == [("[0]",), ("[]",)]


def test_without_retention_nothing_goes(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    write(path, [suggestion("old", at=1.0)])
    database = Database(path, retention_days=0)
    assert not database.tidy()
    database.close()
    assert query(path, "select id from suggestions") == [("old",)]


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: str(table.name))
def test_postgresql_would_take_the_tables(table: Any) -> None:
    text = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # not annotated there
    assert "DOUBLE PRECISION" in text or table.name in {"conversations", "inference_log_schema"}
