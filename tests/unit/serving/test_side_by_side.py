"""Two pieces of work at once: results, lateness, failures and what is left running."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.core.errors import Conflict, DeadlineExceeded, Unavailable
from cuebox.serving.side_by_side import Missed, side_by_side

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Work:
    """A coroutine that ends when it is told to."""

    def __init__(self, *, fails: Exception | None = None, ends: bool = True) -> None:
        self.began = asyncio.Event()
        self.cancelled = False
        self._fails = fails
        self._ends = ends

    async def __call__(self) -> str:
        self.began.set()
        if self._fails is not None:
            raise self._fails
        try:
            if not self._ends:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "done"


def run(
    first: Coroutine[Any, Any, str], second: Coroutine[Any, Any, str], seconds: float = 30.0
) -> tuple[str | Missed, str | Missed]:
    return asyncio.run(side_by_side(first, second, until=time.monotonic() + seconds))


def test_both_results_in_order() -> None:
    assert run(Work()(), Work()()) == ("done", "done")


def test_what_is_late_is_missed_and_stopped() -> None:
    endless = Work(ends=False)
    assert run(endless(), Work()(), 0.01) == (Missed(), "done")
    assert endless.cancelled


def test_without_any_time_left_nothing_runs_on() -> None:
    endless = Work(ends=False), Work(ends=False)
    assert run(endless[0](), endless[1](), -1) == (Missed(), Missed())


def test_a_deadline_within_is_lateness_and_an_error_is_told() -> None:
    down = Unavailable("the engine is down")
    assert run(Work(fails=DeadlineExceeded("late"))(), Work(fails=down)()) == (
        Missed(),
        Missed(down),
    )


def test_a_bug_in_one_is_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    missed, done = run(Work(fails=ZeroDivisionError())(), Work()())
    assert done == "done"
    assert isinstance(missed, Missed)
    assert missed.error is not None
    assert "ZeroDivisionError" in caplog.text


def test_a_conflict_is_about_both_at_once() -> None:
    endless = Work(ends=False)
    with pytest.raises(Conflict):
        run(endless(), Work(fails=Conflict("superseded"))())
    assert endless.cancelled


def test_a_caller_that_leaves_stops_both() -> None:
    async def go() -> None:
        works = Work(ends=False), Work(ends=False)
        until = time.monotonic() + 30
        task = asyncio.create_task(side_by_side(works[0](), works[1](), until=until))
        for work in works:
            await work.began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [work.cancelled for work in works] == [True, True]

    asyncio.run(go())
