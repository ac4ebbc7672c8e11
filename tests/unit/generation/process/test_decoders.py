"""Whose turn it is when several decoders have steps to do."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ModelError, Unavailable
from cuebox.core.generation import GenerateRequest
from cuebox.generation.process import decoders as module
from cuebox.generation.process.decoders import Decoders
from cuebox.generation.process.wire import Load
from tests.fakes.engine import EngineRoom, FakeEngine, fake_spec

if TYPE_CHECKING:
    from cuebox.core.errors import CueboxError
    from cuebox.core.generation import Completed, Delta

FOR_EVER = GenerateRequest(prompt="a", max_tokens=10**9)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Costly(FakeEngine):
    """Steps that take their time on a clock."""

    def __init__(self, clock: Clock, cost: float) -> None:
        super().__init__()
        self._clock = clock
        self._cost = cost

    def step(self) -> bool:
        self._clock.now += self._cost
        return super().step()


class Table:
    """Decoders opened one by one, with engines of a given cost."""

    def __init__(self, clock: Clock) -> None:
        self.woken = threading.Event()
        self.room = EngineRoom()
        self.decoders = Decoders(self.room.open, self.woken.set)
        self._clock = clock

    def load(self, name: str, cost: float = 0.0) -> FakeEngine:
        told: list[CueboxError | None] = []
        self.room.make = lambda: Costly(self._clock, cost)
        self.decoders.load("me", Load(1, fake_spec(name), "", ""), told.append)
        assert self.woken.wait(10)
        self.woken.clear()
        self.decoders.settle()
        assert told == [None]
        return self.room.engines[-1]

    def ask(self, name: str, request: GenerateRequest = FOR_EVER) -> None:
        def ignore(_answer: Delta | Completed | CueboxError) -> None:
            pass

        self.decoders.find("me", fake_spec(name).digest).submit(request, ignore)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return Table(clock)


def test_turns_go_by_time_not_by_steps(table: Table) -> None:
    large, small = table.load("a", cost=0.010), table.load("b", cost=0.001)
    table.ask("a")
    table.ask("b")
    for _ in range(110):
        table.decoders.step()
    assert large.steps == pytest.approx(10, abs=1)
    assert small.steps == pytest.approx(100, abs=10)


def test_who_was_idle_has_saved_up_nothing(table: Table) -> None:
    first, second = table.load("a", cost=0.001), table.load("b", cost=0.001)
    table.ask("a")
    for _ in range(100):
        table.decoders.step()
    table.ask("b")
    for _ in range(20):
        table.decoders.step()
    assert second.steps == pytest.approx(10, abs=1)
    assert first.steps == pytest.approx(110, abs=1)


def test_nothing_to_do_is_no_step(table: Table) -> None:
    engine = table.load("a")
    assert not table.decoders.busy
    table.decoders.step()
    assert engine.steps == 0


def test_only_a_holder_may_ask(table: Table) -> None:
    table.load("a")
    digest = fake_spec("a").digest
    with pytest.raises(Unavailable):
        table.decoders.find("somebody else", digest)
    table.decoders.forget("me")
    with pytest.raises(Unavailable):
        table.decoders.find("me", digest)
    assert table.room.models[digest].closed.is_set()


def test_what_cannot_be_opened_is_told_and_can_be_tried_again(table: Table) -> None:
    told: list[CueboxError | None] = []
    order = Load(1, fake_spec("a"), "", "")
    table.room.refuse = ModelError("damaged")
    table.decoders.load("me", order, told.append)
    assert table.woken.wait(10)
    table.woken.clear()
    table.decoders.settle()
    assert [error.message for error in told if error] == ["damaged"]
    table.room.refuse = None
    table.load("a")
