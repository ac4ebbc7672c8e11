"""What every inference log promises, over the fake and over SQLite."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import pytest

from cuebox.core.inference import FeedbackEvent, FeedbackRecord
from cuebox.inference_log.opening import open_log
from cuebox.inference_log.reading import read_log
from cuebox.inference_log.settings import InferenceLogSettings
from tests.fakes.inference_log import InferenceLog as FakeLog
from tests.fakes.inference_log import suggestion

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.ports import InferenceLog


class Kept(Protocol):
    """A log, and what it kept once it is closed: ids, and feedback with its final texts."""

    @property
    def log(self) -> InferenceLog: ...

    def suggestions(self) -> list[str]: ...

    def feedback(self) -> dict[tuple[str, str], str]: ...


class Fake:
    def __init__(self) -> None:
        self.log = FakeLog()

    def suggestions(self) -> list[str]:
        return sorted(self.log.suggestions)

    def feedback(self) -> dict[tuple[str, str], str]:
        return {key: record.text for key, record in self.log.told.items()}


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder}/log.sqlite"
        opened = open_log(InferenceLogSettings(url=self._url, retention_days=0))
        assert opened is not None
        self.log: InferenceLog = opened

    def suggestions(self) -> list[str]:
        return sorted(each.id for each in read_log(self._url))

    def feedback(self) -> dict[tuple[str, str], str]:
        kept: dict[tuple[str, str], str] = {}
        for each in read_log(self._url):
            kept |= {(each.id, told.event): told.text for told in each.feedback}
            for shown in each.shown:
                kept |= {(shown.id, told.event): told.text for told in shown.feedback}
        return kept


@pytest.fixture(params=["fake", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return Fake() if request.param == "fake" else Sqlite(tmp_path)


def told(name: str, event: FeedbackEvent, text: str = "") -> FeedbackRecord:
    return FeedbackRecord(suggestion=name, event=event, at=1001.0, client="desk", text=text)


def test_what_was_suggested_is_kept(kept: Kept) -> None:
    for number in range(3):
        kept.log.suggested(suggestion(f"s{number}"))
    kept.log.close(30)
    assert kept.suggestions() == ["s0", "s1", "s2"]
    assert kept.log.stats() == {"written": 3, "waiting": 0, "lost": 0}


def test_nothing_shown_is_kept_as_well(kept: Kept) -> None:
    kept.log.suggested(suggestion("nothing", texts=()))
    kept.log.close(30)
    assert kept.suggestions() == ["nothing"]


def test_repeated_feedback_changes_nothing(kept: Kept) -> None:
    kept.log.suggested(suggestion("s"))
    kept.log.feedback(told("s.0", "shown"))
    kept.log.feedback(told("s.0", "edited", "as it was sent"))
    kept.log.feedback(told("s.0", "edited", "something else"))
    kept.log.feedback(told("s.0", "shown"))
    kept.log.close(30)
    assert kept.feedback() == {("s.0", "shown"): "", ("s.0", "edited"): "as it was sent"}


def test_feedback_may_come_before_what_it_is_about_and_name_the_answer(kept: Kept) -> None:
    kept.log.feedback(told("s.1", "accepted"))
    kept.log.feedback(told("s", "sent", "typed by hand"))
    kept.log.suggested(suggestion("s", texts=("one", "two")))
    kept.log.close(30)
    assert kept.feedback() == {("s.1", "accepted"): "", ("s", "sent"): "typed by hand"}


def test_the_same_suggestion_twice_is_one(kept: Kept) -> None:
    kept.log.suggested(suggestion("s"))
    kept.log.suggested(suggestion("s"))
    kept.log.close(30)
    assert kept.suggestions() == ["s"]


def test_threads_may_write_at_once(kept: Kept) -> None:
    def write(name: str) -> None:
        for number in range(200):
            kept.log.suggested(suggestion(f"{name}{number}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.log.close(60)
    assert len(kept.suggestions()) == 600
    assert kept.log.stats()["written"] == 600


def test_what_comes_after_the_end_is_counted_as_lost(kept: Kept) -> None:
    kept.log.suggested(suggestion("before"))
    kept.log.close(30)
    kept.log.suggested(suggestion("after"))
    kept.log.feedback(told("before.0", "shown"))
    assert kept.suggestions() == ["before"]
    assert kept.log.stats() == {"written": 1, "waiting": 0, "lost": 2}


def test_a_log_without_records_ends_at_once(kept: Kept) -> None:
    kept.log.close(30)
    assert kept.log.stats() == {"written": 0, "waiting": 0, "lost": 0}
