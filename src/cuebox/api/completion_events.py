"""The answers to all prompts of one request, event by event as they come."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from cuebox.api.errors import Superseded
from cuebox.core.errors import Conflict, DeadlineExceeded, InvalidRequest, Unavailable
from cuebox.core.generation import Completed, Delta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

__all__ = ["Answers", "Event"]

Event = Delta | Completed

# Events that may wait for a client that does not read; the generators wait after that.
_MOST_WAITING = 1_024


class Answers:
    """Runs one generator for each prompt until it is closed; the first failure ends them all.

    Events are handed out in batches: what the choices of one decoding step added is read, and
    sent, at once.

    Args:
        streams: one for each prompt.
        seconds: until all must be answered.
    """

    def __init__(self, streams: Sequence[AsyncGenerator[Event, None]], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._many = len(streams) > 1
        self._running = len(streams)
        self._events: list[tuple[int, Event]] = []
        self._failure: Exception | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._timer = loop.call_later(max(0.0, seconds), self._run_out)
        self._tasks = [loop.create_task(self._run(i, each)) for i, each in enumerate(streams)]

    async def take(self) -> list[tuple[int, Event]]:
        """At least one event with the number of its prompt, in the order they came.

        Raises:
            InvalidRequest: a prompt or field does not fit the model.
            Superseded, Overloaded, Unavailable: as the generator said.
            DeadlineExceeded: the time ran out.
        """
        while self._failure is None and not self._events:
            if not self._running:
                raise Unavailable("the answer broke off: try again", retry_after=1)
            self._news.clear()
            await self._news.wait()
        if self._failure is not None:
            raise self._failure
        events, self._events = self._events, []
        self._room.set()
        return events

    async def whole(self) -> list[Completed]:
        """The answers, not streamed, in the order of the prompts; raises as `take` does."""
        found: dict[int, Completed] = {}
        expected = len(self._tasks)
        while len(found) < expected:
            found |= {i: event for i, event in await self.take() if isinstance(event, Completed)}
        return [found[index] for index in range(expected)]

    async def aclose(self) -> None:
        """Stop what still runs and wait until it has stopped."""
        self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, index: int, stream: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(stream):
                async for event in stream:
                    self._events.append((index, event))
                    self._news.set()
                    if len(self._events) >= _MOST_WAITING:
                        self._room.clear()
                        await self._room.wait()
        except Exception as error:
            self._fail(_blame(error, index) if self._many else error)
        finally:
            self._running -= 1
            self._news.set()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, Conflict):
            error = Superseded(error.message)
        self._failure = self._failure or error
        self._news.set()

    def _run_out(self) -> None:
        self._fail(DeadlineExceeded("the request's time ran out before its answer was whole"))


def _blame(error: Exception, index: int) -> Exception:
    """Name the prompt at fault: `prompt[2]`, or `prompt[2][7]` for a token of it."""
    if isinstance(error, InvalidRequest) and (error.param or "prompt").startswith("prompt"):
        error.param = f"prompt[{index}]{(error.param or '').removeprefix('prompt')}"
    return error
