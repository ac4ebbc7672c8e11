"""The inference log when its disk is full, gone, damaged or shared: no request notices."""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.opening import open_log
from cuebox.inference_log.reading import read_log
from cuebox.inference_log.settings import InferenceLogSettings
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cuebox.inference_log.log import QueuedInferenceLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "log.sqlite"


@pytest.fixture
def log(path: Path) -> QueuedInferenceLog:
    return opened(path)


def opened(path: Path) -> QueuedInferenceLog:
    log = open_log(InferenceLogSettings(url=f"sqlite:///{path}", retention_days=0))
    assert log is not None
    return log


def kept(path: Path) -> list[str]:
    return [each.id for each in read_log(f"sqlite:///{path}")]


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for what the thread does in its own time."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def written(log: QueuedInferenceLog, count: int) -> Callable[[], bool]:
    return lambda: log.stats()["written"] == count


def troubled(caplog: pytest.LogCaptureFixture, reason: str) -> Callable[[], bool]:
    return lambda: any(reason in record.getMessage() for record in caplog.records)


def test_a_folder_that_cannot_be_made_and_then_can(
    log: QueuedInferenceLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    path.parent.write_text("a file is in the way")
    log.suggested(suggestion("early"))
    until(troubled(caplog, "cannot be written"))
    assert str(path) in caplog.text
    assert log.stats() == {"written": 0, "waiting": 1, "lost": 0}
    path.parent.unlink()
    log.suggested(suggestion("late"))
    log.close(30)
    assert kept(path) == ["early", "late"]
    assert len(caplog.records) == 2


def test_a_file_system_that_takes_no_files(caplog: pytest.LogCaptureFixture) -> None:
    # Nobody can make a file there, root included.
    log = open_log(InferenceLogSettings(url="sqlite:////proc/cuebox/log.sqlite", max_waiting=2))
    assert log is not None
    for number in range(5):
        log.suggested(suggestion(str(number)))
    until(troubled(caplog, "cannot be written: /proc/cuebox/log.sqlite"))
    assert log.stats() == {"written": 0, "waiting": 2, "lost": 3}
    log.close(0.2)
    assert log.stats() == {"written": 0, "waiting": 0, "lost": 5}


def test_a_damaged_file_is_left_alone_until_it_is_moved_away(
    log: QueuedInferenceLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = b"this was a database once, and is none now" * 100
    path.parent.mkdir()
    path.write_bytes(damaged)
    log.suggested(suggestion("s"))
    until(troubled(caplog, "file is not a database"))
    assert path.read_bytes() == damaged
    path.rename(path.with_name("damaged"))
    log.close(30)
    assert kept(path) == ["s"]


def test_a_file_damaged_while_it_is_written(log: QueuedInferenceLog, path: Path) -> None:
    log.suggested(suggestion("before"))
    until(written(log, 1))
    with path.open("r+b") as file:
        file.write(b"\xff" * 100)
    for each in path.parent.glob("*-wal"):
        each.write_bytes(b"\xff" * 8192)
    log.suggested(suggestion("after"))
    log.close(0.5)
    stats = log.stats()
    assert stats["written"] + stats["lost"] == 2
    assert stats["waiting"] == 0


@pytest.mark.parametrize("what", ["file", "all"])
def test_a_file_deleted_while_it_is_written_begins_anew(
    log: QueuedInferenceLog, path: Path, what: str
) -> None:
    log.suggested(suggestion("before"))
    until(written(log, 1))
    for each in list(path.parent.iterdir()) if what == "all" else [path]:
        each.unlink()
    log.suggested(suggestion("after"))
    until(written(log, 2))
    log.suggested(suggestion("later"))
    log.close(30)
    assert kept(path) == ["after", "later"]


def test_a_newer_schema_is_refused_clearly(
    log: QueuedInferenceLog, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = opened(path)
    first.suggested(suggestion("old"))
    first.close(30)
    _sql(path, "update inference_log_schema set version = 2")
    log.suggested(suggestion("new"))
    until(troubled(caplog, "has schema 2, and this cuebox knows schema 1"))
    log.close(0.1)
    assert log.stats()["lost"] == 1
    _sql(path, "update inference_log_schema set version = 1")
    assert kept(path) == ["old"]


def test_messages_never_repeat_what_people_wrote(
    log: QueuedInferenceLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.suggested(suggestion("bad", draft="a secret", texts=("hush",), score=float("nan")))
    until(troubled(caplog, "refuses a record"))
    log.close(30)
    assert "a secret" not in caplog.text
    assert "hush" not in caplog.text


def _sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


_FULL = """
import json, resource, sys, time
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.opening import open_log
from cuebox.inference_log.settings import InferenceLogSettings

log = open_log(InferenceLogSettings(url="sqlite:///" + sys.argv[1], max_waiting=300))

def tell(first, count):
    for n in range(first, first + count):
        log.feedback(FeedbackRecord(suggestion=str(n), event="sent", at=1.0, text="x" * 1000))

def until(condition):
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)

tell(0, 10)
until(lambda: log.stats()["written"] == 10)
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
tell(10, 400)
full = log.stats()
time.sleep(0.3)
tell(410, 10)
still = log.stats()
resource.setrlimit(resource.RLIMIT_FSIZE, before)
log.close(30)
print(json.dumps([full, still, log.stats()]))
"""


def test_a_full_disk_keeps_what_memory_holds(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path)], capture_output=True, text=True, check=True
    )
    full, still, end = json.loads(done.stdout)
    assert (full["waiting"], full["lost"]) == (300, 100)
    assert (still["written"], still["lost"]) == (10, 110)
    assert end == {"written": 310, "waiting": 0, "lost": 110}
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert "cannot be written" in lines[0]
    assert "written again; 110 records were lost" in lines[1]


_WRITE = """
import json, sys
from cuebox.core.inference import FeedbackRecord
from cuebox.inference_log.opening import open_log
from cuebox.inference_log.settings import InferenceLogSettings

log = open_log(InferenceLogSettings(url="sqlite:///" + sys.argv[1], retention_days=0))
print("ready", flush=True)
sys.stdin.readline()
for n in range(3000):
    log.feedback(FeedbackRecord(suggestion=f"{sys.argv[2]} {n}", event="sent", at=1.0))
    log.feedback(FeedbackRecord(suggestion=f"both {n}", event="sent", at=1.0))
log.close(60)
print(json.dumps(log.stats()))
"""


def test_processes_share_a_file(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    # They begin at once, also to make the file.
    answers = []
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, errors = writer.communicate(timeout=120)
        assert errors == ""
        answers.append(json.loads(out))
    assert answers == [{"written": 6000, "waiting": 0, "lost": 0}] * 3
    assert _count(path) == 4 * 3000


def test_a_kill_costs_only_what_was_not_written(path: Path) -> None:
    program = _WRITE.replace("log.close(60)", "sys.stdin.readline()")
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(path), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdin is not None
    assert writer.stdout.readline() == "ready\n"
    writer.stdin.write("go\n")
    writer.stdin.flush()
    until(lambda: path.exists() and _count(path) >= 1000)
    writer.kill()
    writer.communicate()
    survivor = opened(path)
    survivor.feedback(FeedbackRecord(suggestion="after the kill", event="sent", at=1.0))
    survivor.close(30)
    assert survivor.stats()["written"] == 1
    assert _count(path) >= 1001


def _count(path: Path) -> int:
    connection = sqlite3.connect(path, timeout=30)
    try:
        return int(connection.execute("select count(*) from feedback").fetchone()[0])
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0
    finally:
        connection.close()
