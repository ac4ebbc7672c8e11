"""The writer thread over a sink that fails as it is told."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from cuebox.inference_log.log import QueuedInferenceLog
from cuebox.inference_log.sink import SinkDown
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.inference_log.sink import Record


class FakeSink:
    """Keeps ids in memory.

    Attributes:
        down: so many writes fail before one succeeds.
        bad: ids that cannot be kept.
        hang: when set to an event, a write waits for it.
    """

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.down = 0
        self.bad: set[str] = set()
        self.hang: threading.Event | None = None
        self.entered = threading.Event()
        self.opened = self.closed = 0
        self.tidied = 0
        self.tidied_twice = threading.Event()

    def open(self) -> FakeSink:
        self.opened += 1
        return self

    def write(self, records: Sequence[Record]) -> None:
        self.entered.set()
        if self.hang is not None:
            self.hang.wait(60)
        if self.down:
            self.down -= 1
            raise SinkDown("the disk is full")
        ids = [getattr(record, "id", "") for record in records]
        if self.bad & set(ids):
            raise ValueError("a bad record")
        self.kept += ids

    def tidy(self) -> bool:
        self.tidied += 1
        if self.tidied == 2:
            self.tidied_twice.set()
            raise SinkDown("locked")
        return self.tidied < 2

    def close(self) -> None:
        self.closed += 1


def same(record: Record) -> Record:
    return record


@pytest.fixture
def sink() -> FakeSink:
    return FakeSink()


@pytest.fixture
def log(sink: FakeSink) -> QueuedInferenceLog:
    return QueuedInferenceLog(sink.open, same, max_records=1000, max_bytes=1 << 30)


def test_nothing_starts_before_the_first_record(log: QueuedInferenceLog, sink: FakeSink) -> None:
    log.stats()
    log.close(30)
    assert sink.opened == 0
    assert "inference-log" not in {thread.name for thread in threading.enumerate()}


def test_an_outage_costs_nothing_and_is_told_once(
    log: QueuedInferenceLog, sink: FakeSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.down = 4
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            log.suggested(suggestion(f"{number:02}"))
        log.close(60)
    assert sink.kept == [f"{number:02}" for number in range(20)]
    assert log.stats() == {"written": 20, "waiting": 0, "lost": 0}
    assert (sink.opened, sink.closed) == (5, 5)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "cannot be written: the disk is full" in told[0]
    assert "written again; 0 records were lost" in told[1]


def test_a_hitch_is_not_told(
    log: QueuedInferenceLog, sink: FakeSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.down = 1
    log.suggested(suggestion("a"))
    log.close(60)
    assert sink.kept == ["a"]
    assert caplog.records == []


def test_a_bad_record_stands_alone(
    log: QueuedInferenceLog, sink: FakeSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.bad = {"07", "13", "14"}
    for number in range(40):
        log.suggested(suggestion(f"{number:02}"))
    log.close(60)
    good = [f"{number:02}" for number in range(40)]
    assert sink.kept == [each for each in good if each not in sink.bad]
    assert log.stats() == {"written": 37, "waiting": 0, "lost": 3}
    refusals = [record for record in caplog.records if "refuses" in record.getMessage()]
    assert len(refusals) == 1


def test_what_cannot_be_prepared_is_not_written_raw(sink: FakeSink) -> None:
    def prepare(record: Record) -> Record:
        raise ValueError("cannot be redacted")

    log = QueuedInferenceLog(sink.open, prepare, max_records=9, max_bytes=1 << 20)
    log.suggested(suggestion("secret"))
    log.close(60)
    assert sink.kept == []
    assert log.stats() == {"written": 0, "waiting": 0, "lost": 1}


def test_a_sink_that_cannot_be_opened_refuses_no_record(sink: FakeSink) -> None:
    tries = iter([ImportError("no driver"), PermissionError("no")])

    def open_sink() -> FakeSink:
        error = next(tries, None)
        if error is not None:
            raise error
        return sink.open()

    log = QueuedInferenceLog(open_sink, same, max_records=9, max_bytes=1 << 20)
    log.suggested(suggestion("a"))
    log.close(60)
    assert sink.kept == ["a"]


def test_the_end_waits_no_longer_than_it_may(
    log: QueuedInferenceLog, sink: FakeSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.hang = threading.Event()
    log.suggested(suggestion("hangs"))
    assert sink.entered.wait(60)
    log.suggested(suggestion("waits"))
    log.close(0.05)
    assert log.stats() == {"written": 0, "waiting": 0, "lost": 2}
    assert "lost 2 records that still waited" in caplog.text
    sink.hang.set()


def test_a_disk_that_stays_full_ends_with_the_time(log: QueuedInferenceLog, sink: FakeSink) -> None:
    sink.down = 1_000_000
    log.suggested(suggestion("a"))
    log.close(0.2)
    assert log.stats() == {"written": 0, "waiting": 0, "lost": 1}


def test_upkeep_that_fails_is_left_for_later(log: QueuedInferenceLog, sink: FakeSink) -> None:
    log.suggested(suggestion("a"))
    assert sink.tidied_twice.wait(60)
    log.suggested(suggestion("b"))
    log.close(60)
    assert sink.kept == ["a", "b"]
    assert sink.opened == 2


def test_a_thread_that_cannot_start_yet_is_no_error(
    log: QueuedInferenceLog, sink: FakeSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as none_to_spare:
        none_to_spare.setattr(threading.Thread, "start", refuse)
        log.suggested(suggestion("a"))
    log.suggested(suggestion("b"))
    log.close(60)
    assert sink.kept == ["a", "b"]
