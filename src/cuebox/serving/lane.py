"""A lane: the worker threads of one encoder, fed first in, first out.

A job is a few texts of one request. A worker tokenises and encodes them one at a time, because
on a CPU a batch of one is the fastest and the answer does not depend on its neighbours, and
hands all of them back to the event loop at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, DeadlineExceeded, InvalidRequest, Unavailable
from cuebox.core.types import Embedded, TokenBatch
from cuebox.serving.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import Encoder, Tokenizer

__all__ = ["Job", "Lane", "Outcome", "encode_text", "too_long"]

Outcome = Embedded | CueboxError


class Job:
    """Texts to embed for one request, and where their time went (seconds)."""

    __slots__ = (
        "deadline", "encode", "enqueued", "future", "keep_whole", "queue", "texts", "tokenize",
    )  # fmt: skip

    def __init__(
        self,
        texts: Sequence[str | Sequence[int]],
        *,
        deadline: float,
        keep_whole: bool,
        future: asyncio.Future[list[Outcome]],
    ) -> None:
        self.texts = texts
        self.deadline = deadline
        self.keep_whole = keep_whole
        self.future = future
        self.enqueued = time.monotonic()
        self.queue = 0.0
        self.tokenize = 0.0
        self.encode = 0.0

    @property
    def abandoned(self) -> bool:
        """The request that wanted it was cancelled."""
        return self.future.cancelled()


class Lane:
    """`workers` threads that run one encoder; `submit` from the event loop, awaits the result."""

    def __init__(
        self, tokenizer: Tokenizer, encoder: Encoder, *, workers: int, max_queue: int
    ) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._workers = workers
        self._scheduler: Scheduler[Job] = Scheduler(max_queue)
        self._ready = threading.Condition(threading.Lock())
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"encoder-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def workers(self) -> int:
        """How many texts are encoded at once."""
        return self._workers

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._scheduler)

    def submit(
        self, texts: Sequence[str | Sequence[int]], *, deadline: float, keep_whole: bool
    ) -> Job:
        """Queue texts (or token ids) and return the job whose `future` gets their outcomes.

        Raises:
            Overloaded: the queue is full.
            Unavailable: the lane is closed.
        """
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        job = Job(texts, deadline=deadline, keep_whole=keep_whole, future=future)
        with self._ready:
            if self._closing:
                raise Unavailable("the server is shutting down")
            self._scheduler.admit(job, self._workers)
            self._ready.notify()
        return job

    def close(self) -> None:
        """Finish what is queued, then stop the workers and close the encoder."""
        with self._ready:
            self._closing = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        self._encoder.close()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            started = time.monotonic()
            job.queue = started - job.enqueued
            outcomes = [self._encode(job, text) for text in job.texts]
            _deliver(job, outcomes)
            self._scheduler.ran(time.monotonic() - started)

    def _next(self) -> Job | None:
        while True:
            with self._ready:
                while not len(self._scheduler):
                    if self._closing:
                        return None
                    self._ready.wait()
                picked = self._scheduler.pick(time.monotonic())
            for late in picked.expired:
                late.queue = time.monotonic() - late.enqueued
                _deliver(late, [_too_late(late.queue)] * len(late.texts))
            if picked.job is not None:
                return picked.job

    def _encode(self, job: Job, text: str | Sequence[int]) -> Outcome:
        if job.abandoned:
            return _too_late(0.0)
        try:
            return encode_text(self._tokenizer, self._encoder, text, job)
        except CueboxError as error:
            return error
        except Exception as error:  # a worker must outlive any engine fault
            return CueboxError(f"the encoder failed: {type(error).__name__}: {error}")


def encode_text(
    tokenizer: Tokenizer, encoder: Encoder, text: str | Sequence[int], job: Job | None = None
) -> Embedded:
    """Tokenise and embed one text (or token ids), adding the time each takes to `job`.

    Raises:
        InvalidRequest: the text is over the encoder's length and the job wants it whole.
    """
    started = time.monotonic()
    if isinstance(text, str):
        tokens = tokenizer.encode(text)
        ids, total = tokens.ids, tokens.total
    else:
        ids, total = text, len(text)
    tokenized = time.monotonic()
    if job is not None:
        job.tokenize += tokenized - started
        if job.keep_whole and total > len(ids):
            raise too_long(total, len(ids))
    vector = encoder.run(TokenBatch.of([ids]))[0].copy()
    vector.flags.writeable = False
    if job is not None:
        job.encode += time.monotonic() - tokenized
    return Embedded(vector, len(ids), total)


def too_long(total: int, limit: int) -> InvalidRequest:
    """The error for a text over the encoder's length that must not be cut."""
    return InvalidRequest(
        f"the text has {total} tokens, the encoder reads {limit}: "
        "shorten it, or send truncate='end'"
    )


def _deliver(job: Job, outcomes: list[Outcome]) -> None:
    loop = job.future.get_loop()
    try:
        loop.call_soon_threadsafe(_resolve, job.future, outcomes)
    except RuntimeError:
        # The loop closed under a request nobody waits for any more.
        return


def _resolve(future: asyncio.Future[list[Outcome]], outcomes: list[Outcome]) -> None:
    if not future.done():
        future.set_result(outcomes)


def _too_late(waited: float) -> DeadlineExceeded:
    return DeadlineExceeded(f"the request's time ran out after {waited:.3f} s in the queue")
