"""A generator in a thread of this process, for training, evaluation and tests."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from cuebox.core.errors import CueboxError, Unavailable
from cuebox.core.generation import Completed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from cuebox.core.generation import Delta, GenerateRequest
    from cuebox.generation.process.guarded import Answer, Flight, GuardedEngine

__all__ = ["LocalGenerator"]

T = TypeVar("T")


class LocalGenerator:
    """`core.ports.Generator` without another process; may be used from any thread or loop."""

    def __init__(self, engine: GuardedEngine) -> None:
        self.spec = engine.spec
        self._engine = engine
        self._inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._open = True
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="generator", daemon=True)
        self._thread.start()

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Delta | Completed, None]:
        """Deltas if the request streams, then one `Completed`; see the port."""
        loop = asyncio.get_running_loop()
        answers: asyncio.Queue[Answer] = asyncio.Queue()

        def deliver(answer: Answer) -> None:
            with suppress(RuntimeError):  # the loop ended a moment ago, and nobody waits
                loop.call_soon_threadsafe(answers.put_nowait, answer)

        submitted = self._do(lambda: self._engine.submit(request, deliver))
        try:
            await asyncio.wrap_future(submitted)
            while True:
                answer = await answers.get()
                if isinstance(answer, CueboxError):
                    raise answer
                yield answer
                if isinstance(answer, Completed):
                    return
        finally:
            self._do(lambda: self._forget(submitted))

    def complete(self, request: GenerateRequest) -> Completed:
        """The whole answer to a request that does not stream; blocks."""
        answer: Future[Completed] = Future()

        def deliver(item: Answer) -> None:
            if isinstance(item, CueboxError):
                answer.set_exception(item)
            elif isinstance(item, Completed):
                answer.set_result(item)

        self._do(lambda: self._engine.submit(request, deliver)).result()
        return answer.result()

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        """See the port."""
        return self._do(lambda: self._engine.logprobs(prompt)).result()

    def release(self) -> None:
        """Stop the thread and give the model's memory back; what still runs fails."""
        with self._closing:
            if self._open:
                self._open = False
                self._inbox.put(None)
        self._thread.join()

    def _forget(self, submitted: Future[Flight]) -> None:
        """Cancel what was submitted, unless it has ended or never began."""
        if not submitted.cancelled() and submitted.exception() is None:
            self._engine.cancel(submitted.result())

    def _do(self, work: Callable[[], T]) -> Future[T]:
        """Let the engine's thread do something before its next step."""
        done: Future[T] = Future()

        def call() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(work())
                except Exception as error:  # the thread outlives what it is asked
                    done.set_exception(error)

        with self._closing:
            if self._open:
                self._inbox.put(call)
            else:
                done.set_exception(Unavailable("the generator was released"))
        return done

    def _run(self) -> None:
        engine = self._engine
        while True:
            try:
                call = self._inbox.get(block=not engine.busy)
            except Empty:
                engine.step()
                continue
            if call is None:
                break
            call()
        engine.close()
