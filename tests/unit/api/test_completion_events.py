"""Generators side by side: batches, room, and who is stopped when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cuebox.api import completion_events
from cuebox.api.completion_events import Answers, Event
from cuebox.core.errors import DeadlineExceeded, Unavailable
from cuebox.core.generation import Completed, Delta, GenerateRequest
from tests.fakes.completions import answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

REQUEST = GenerateRequest(prompt="a", max_tokens=2, stream=True)


class Source:
    """Gives `count` deltas without ever waiting, and knows how far it came."""

    def __init__(self, count: int) -> None:
        self.given = 0
        self.closed = False
        self._count = count

    async def stream(self) -> AsyncGenerator[Event, None]:
        try:
            for _ in range(self._count):
                self.given += 1
                yield Delta(index=0, text="x")
            async for event in answer(REQUEST):
                if isinstance(event, Completed):
                    yield event
        finally:
            self.closed = True


def test_what_comes_together_is_taken_together() -> None:
    async def scenario() -> None:
        answers = Answers([Source(5).stream(), Source(3).stream()], 10)
        events = await answers.take()
        assert [prompt for prompt, _ in events[:5]] == [0] * 5
        assert len(events) >= 8
        await answers.aclose()

    asyncio.run(scenario())


def test_a_reader_that_does_not_read_stops_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion_events, "_MOST_WAITING", 10)
    source = Source(100)

    async def scenario() -> int:
        answers = Answers([source.stream()], 10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert source.given == 10
        taken = 0
        while not source.closed:
            taken += len(await answers.take())
        await answers.aclose()
        return taken

    assert asyncio.run(scenario()) == 101


def test_closing_ends_every_source_even_one_that_waits_for_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completion_events, "_MOST_WAITING", 10)
    sources = [Source(100), Source(100)]

    async def scenario() -> None:
        answers = Answers([source.stream() for source in sources], 10)
        await answers.take()
        await answers.aclose()
        assert all(source.closed for source in sources)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_closing_before_anything_ran() -> None:
    async def scenario() -> None:
        await Answers([Source(1).stream()], 10).aclose()

    asyncio.run(scenario())


def test_whole_answers_come_in_the_order_of_the_prompts() -> None:
    async def scenario() -> list[int]:
        requests = [GenerateRequest(prompt="p" * (3 - i), max_tokens=1) for i in range(3)]
        answers = Answers([answer(request) for request in requests], 10)
        found = await answers.whole()
        await answers.aclose()
        return [each.usage.prompt_tokens for each in found]

    assert asyncio.run(scenario()) == [3, 2, 1]


def test_a_source_that_breaks_off_is_no_answer() -> None:
    async def broken() -> AsyncGenerator[Event, None]:
        yield Delta(index=0, text="x")

    async def scenario() -> None:
        answers = Answers([broken()], 10)
        with pytest.raises(Unavailable):
            await answers.whole()
        await answers.aclose()

    asyncio.run(scenario())


def test_time_runs_out() -> None:
    async def scenario() -> None:
        answers = Answers([answer(REQUEST, asyncio.Event())], 0.01)
        with pytest.raises(DeadlineExceeded):
            await answers.whole()
        await answers.aclose()

    asyncio.run(scenario())
