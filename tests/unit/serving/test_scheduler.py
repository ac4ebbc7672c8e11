"""The scheduler: plain data in and out."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cuebox.core.errors import Overloaded
from cuebox.serving.scheduler import Scheduler


@dataclass
class Item:
    name: str
    deadline: float = 100.0
    abandoned: bool = False
    rows: int = 1


def test_first_in_first_out() -> None:
    scheduler: Scheduler[Item] = Scheduler(10)
    for name in "abc":
        scheduler.admit(Item(name), workers=1)
    picked = [scheduler.pick(now=0.0, rows=1, workers=1).jobs for _ in range(4)]
    assert [[item.name for item in jobs] for jobs in picked] == [["a"], ["b"], ["c"], []]


def test_what_waits_is_taken_together_up_to_the_limit() -> None:
    scheduler: Scheduler[Item] = Scheduler(10)
    for name, rows in (("a", 1), ("b", 2), ("c", 1), ("d", 9)):
        scheduler.admit(Item(name, rows=rows), workers=1)
    picked = [scheduler.pick(now=0.0, rows=4, workers=1).jobs for _ in range(3)]
    assert [[item.name for item in jobs] for jobs in picked] == [["a", "b", "c"], ["d"], []]


def test_workers_share_what_waits() -> None:
    scheduler: Scheduler[Item] = Scheduler(10)
    for name in "abcdef":
        scheduler.admit(Item(name), workers=2)
    first = scheduler.pick(now=0.0, rows=8, workers=2)
    assert [item.name for item in first.jobs] == ["a", "b", "c"]


def test_abandoned_jobs_vanish() -> None:
    scheduler: Scheduler[Item] = Scheduler(10)
    scheduler.admit(Item("gone", abandoned=True), workers=1)
    scheduler.admit(Item("here"), workers=1)
    picked = scheduler.pick(now=0.0, rows=1, workers=1)
    assert picked.jobs == [Item("here")]
    assert not picked.expired


def test_late_jobs_are_told_so() -> None:
    scheduler: Scheduler[Item] = Scheduler(10)
    scheduler.admit(Item("late", deadline=1.0), workers=1)
    scheduler.admit(Item("fine"), workers=1)
    picked = scheduler.pick(now=2.0, rows=1, workers=1)
    assert picked.jobs == [Item("fine")]
    assert [item.name for item in picked.expired] == ["late"]


def test_a_full_queue_says_when_to_come_back() -> None:
    scheduler: Scheduler[Item] = Scheduler(2)
    for _ in range(200):
        scheduler.ran(1.0)
    scheduler.admit(Item("a"), workers=2)
    scheduler.admit(Item("b"), workers=2)
    with pytest.raises(Overloaded) as caught:
        scheduler.admit(Item("c"), workers=2)
    assert caught.value.retry_after == pytest.approx(1.0, rel=0.05)
    assert len(scheduler) == 2
