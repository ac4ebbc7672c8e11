"""A lane: the worker threads of one encoder, fed first in, first out.

A worker takes what waits, up to `batch_rows` texts, runs them together and hands them back to
the event loop. It never waits for company: an idle server runs every text alone at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, DeadlineExceeded, Unavailable
from cuebox.serving.batch import Outcome, Row, encode_rows
from cuebox.serving.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import Encoder, Tokenizer

__all__ = ["Job", "Lane"]


class Job:
    """Texts to embed for one request, and where their time went (seconds)."""

    __slots__ = (
        "alone", "deadline", "encode", "enqueued", "future", "keep_whole", "loop", "queue", "texts",
        "tokenize",
    )  # fmt: skip

    def __init__(
        self,
        texts: Sequence[str | Sequence[int]],
        *,
        deadline: float,
        keep_whole: bool,
        alone: bool,
    ) -> None:
        self.texts = texts
        self.deadline = deadline
        self.keep_whole = keep_whole
        self.alone = alone
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Outcome]] = self.loop.create_future()
        self.enqueued = time.monotonic()
        self.queue = 0.0
        self.tokenize = 0.0
        self.encode = 0.0

    @property
    def abandoned(self) -> bool:
        """The request that wanted it was cancelled."""
        return self.future.cancelled()

    @property
    def rows(self) -> int:
        """How many texts it holds."""
        return len(self.texts)


class Lane:
    """`workers` threads that run one encoder; `submit` from the event loop, await the future."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        encoder: Encoder,
        *,
        workers: int,
        max_queue: int,
        batch_rows: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._workers = workers
        self._batch_rows = batch_rows
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
        """How many runs proceed side by side."""
        return self._workers

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._scheduler)

    def submit(
        self,
        texts: Sequence[str | Sequence[int]],
        *,
        deadline: float,
        keep_whole: bool,
        alone: bool = False,
    ) -> Job:
        """Queue texts (or token ids) and return the job whose `future` gets their outcomes.

        Args:
            texts: for one request.
            deadline: `time.monotonic()` seconds.
            keep_whole: make a text over the encoder's length an error instead of cutting it.
            alone: each text in a run of its own.

        Raises:
            Overloaded: the queue is full.
            Unavailable: the lane is closed.
        """
        job = Job(texts, deadline=deadline, keep_whole=keep_whole, alone=alone)
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
        while jobs := self._next():
            started = time.monotonic()
            for job in jobs:
                job.queue = started - job.enqueued
            self._encode(jobs)
            self._scheduler.ran((time.monotonic() - started) / len(jobs))

    def _next(self) -> Sequence[Job]:
        """Jobs to run now; waits for one, and is empty when the lane closes."""
        while True:
            with self._ready:
                while not len(self._scheduler):
                    if self._closing:
                        return ()
                    self._ready.wait()
                picked = self._scheduler.pick(
                    time.monotonic(), rows=self._batch_rows, workers=self._workers
                )
            for late in picked.expired:
                late.queue = time.monotonic() - late.enqueued
                _deliver([late], [[_too_late(late.queue)] * late.rows])
            if picked.jobs:
                return picked.jobs

    def _encode(self, jobs: Sequence[Job]) -> None:
        rows = [
            [Row(text, keep_whole=job.keep_whole, alone=job.alone) for text in job.texts]
            for job in jobs
        ]
        together = [row for of_job in rows for row in of_job]
        for start in range(0, len(together), self._batch_rows):
            encode_rows(together[start : start + self._batch_rows], self._tokenizer, self._encoder)
        for job, of_job in zip(jobs, rows, strict=True):
            job.tokenize = sum(row.tokenize for row in of_job)
            job.encode = sum(row.encode for row in of_job)
        _deliver(jobs, [[row.outcome or _lost() for row in of_job] for of_job in rows])


def _deliver(jobs: Sequence[Job], outcomes: Sequence[list[Outcome]]) -> None:
    """Hand results to the event loop, all in one call: waking it costs more than the rest."""
    try:
        jobs[0].loop.call_soon_threadsafe(_resolve, jobs, outcomes)
    except RuntimeError:
        # The loop closed under requests nobody waits for any more.
        return


def _resolve(jobs: Sequence[Job], outcomes: Sequence[list[Outcome]]) -> None:
    for job, found in zip(jobs, outcomes, strict=True):
        if not job.future.done():
            job.future.set_result(found)


def _too_late(waited: float) -> DeadlineExceeded:
    return DeadlineExceeded(f"the request's time ran out after {waited:.3f} s in the queue")


def _lost() -> CueboxError:
    return CueboxError("a text was not encoded")
