"""A trunk: one encoder with its tokenizer, lane and cache, shared by every model that reads it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, DeadlineExceeded
from cuebox.serving.batch import encode_text, too_long
from cuebox.serving.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.ports import EmbeddingCache, Encoder, Tokenizer
    from cuebox.core.types import Embedded, Tokens
    from cuebox.serving.batch import Outcome
    from cuebox.serving.lane import Job
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.requests import Timings
    from cuebox.serving.settings import ServingSettings

__all__ = ["Embeddings", "Trunk"]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What a trunk found out about the texts of one request.

    Attributes:
        rows: one outcome per text, in order: an embedding or an error.
        cached: how many needed no run of the encoder of their own.
    """

    rows: Sequence[Outcome]
    cached: int


class Trunk:
    """Embeds texts: from the cache where it can, else through the lane."""

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: Tokenizer,
        encoder: Encoder,
        cache: EmbeddingCache,
        metrics: Metrics,
        *,
        workers: int,
        settings: ServingSettings,
    ) -> None:
        self.spec = spec
        self.digest = spec.digest
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._cache = cache
        self._metrics = metrics
        self._rows_per_job = settings.rows_per_job
        self._lane = Lane(
            tokenizer,
            encoder,
            workers=workers,
            max_queue=settings.max_queue,
            batch_rows=settings.batch_rows,
        )
        metrics.gauge("cuebox_queue_jobs", lambda: float(self._lane.waiting), self._labels)

    @property
    def _labels(self) -> tuple[tuple[str, str], ...]:
        return (("encoder", self.digest[:12]),)

    def embed_now(self, text: str) -> Embedded:
        """Embed one text in the calling thread, past cache and queue: for goldens and warm-up."""
        return encode_text(text, self._tokenizer, self._encoder)

    async def embed(
        self,
        texts: Sequence[str],
        *,
        timings: Timings,
        deadline: float,
        keep_whole: bool = False,
    ) -> Embeddings:
        """Embed normalised texts; equal texts of one request are encoded once.

        Args:
            texts: normalised texts.
            timings: is added to.
            deadline: `time.monotonic()` seconds.
            keep_whole: make a text over the encoder's length an error instead of cutting it.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the time ran out.
        """
        started = time.monotonic()
        known: dict[str, Outcome] = {}
        missing: dict[str, None] = {}
        for text in texts:
            if text in known or text in missing:
                continue
            hit = self._cache.get(self.digest, text)
            if hit is None:
                missing[text] = None
            else:
                known[text] = _whole(hit, keep_whole=keep_whole)
        timings.cache += time.monotonic() - started
        if missing:
            known |= await self._encode(list(missing), timings, deadline, keep_whole=keep_whole)
        return Embeddings([known[text] for text in texts], len(texts) - len(missing))

    async def embed_one(
        self, text: str, *, timings: Timings, deadline: float, keep_whole: bool = False
    ) -> tuple[Outcome, bool]:
        """`embed` for one text, and whether it came from the cache; the path of most requests."""
        started = time.monotonic()
        hit = self._cache.get(self.digest, text)
        timings.cache += time.monotonic() - started
        if hit is not None:
            return _whole(hit, keep_whole=keep_whole), True
        found = await self._encode([text], timings, deadline, keep_whole=keep_whole)
        return found[text], False

    async def embed_alone(
        self, texts: Sequence[str], *, timings: Timings, deadline: float
    ) -> Embeddings:
        """Embed normalised texts, each in a run of its own and past the cache.

        An embedding then depends on its text only, never on what else the server does.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the time ran out.
        """
        different = list(dict.fromkeys(texts))
        outcomes = await self._run(different, timings, deadline, alone=True)
        known = dict(zip(different, outcomes, strict=True))
        return Embeddings([known[text] for text in texts], len(texts) - len(different))

    async def embed_ids(
        self, rows: Sequence[Sequence[int]], *, timings: Timings, deadline: float
    ) -> Embeddings:
        """Embed token ids as they are; not cached."""
        outcomes = await self._run(rows, timings, deadline, keep_whole=True)
        return Embeddings(outcomes, 0)

    def tokenize(self, text: str) -> Tokens:
        """How the encoder reads a normalised text; in the calling thread.

        Raises:
            InvalidRequest: the text is not Unicode.
        """
        return self._tokenizer.encode(text)

    def close(self) -> None:
        """Finish what is queued, stop the workers, close the session, forget its embeddings."""
        self._lane.close()
        self._metrics.forget_gauge("cuebox_queue_jobs", self._labels)
        self._cache.drop(self.digest)

    async def _encode(
        self, texts: Sequence[str], timings: Timings, deadline: float, *, keep_whole: bool
    ) -> dict[str, Outcome]:
        outcomes = await self._run(texts, timings, deadline, keep_whole=keep_whole)
        for text, outcome in zip(texts, outcomes, strict=True):
            if not isinstance(outcome, CueboxError):
                self._cache.put(self.digest, text, outcome)
        return dict(zip(texts, outcomes, strict=True))

    async def _run(
        self,
        texts: Sequence[str | Sequence[int]],
        timings: Timings,
        deadline: float,
        *,
        keep_whole: bool = False,
        alone: bool = False,
    ) -> list[Outcome]:
        """Feed the lane a few jobs at a time, so that a bulk request never fills the queue."""
        # Texts that run alone take longer: fewer at once let others slip in between as soon.
        size = max(1, self._rows_per_job // 4) if alone else self._rows_per_job
        chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
        ahead = 2 * self._lane.workers
        jobs: list[Job] = []
        outcomes: list[Outcome] = []
        try:
            for chunk in chunks:
                if len(jobs) - len(outcomes) // size >= ahead:
                    outcomes += await self._result(jobs[len(outcomes) // size], timings)
                jobs.append(
                    self._lane.submit(chunk, deadline=deadline, keep_whole=keep_whole, alone=alone)
                )
            while len(outcomes) < len(texts):
                outcomes += await self._result(jobs[len(outcomes) // size], timings)
        except BaseException:
            for job in jobs:
                job.future.cancel()
            raise
        return outcomes

    async def _result(self, job: Job, timings: Timings) -> list[Outcome]:
        remaining = job.deadline - time.monotonic()
        try:
            async with asyncio.timeout(remaining):
                outcomes = await job.future
        except TimeoutError:
            raise DeadlineExceeded("the request's time ran out while it was encoded") from None
        timings.queue += job.queue
        timings.tokenize += job.tokenize
        timings.encode += job.encode
        for name, seconds in (
            ("queue", job.queue), ("tokenize", job.tokenize), ("encode", job.encode),
        ):  # fmt: skip
            self._metrics.observe("cuebox_phase_seconds", seconds, (("phase", name),))
        return outcomes


def _whole(embedded: Embedded, *, keep_whole: bool) -> Outcome:
    if keep_whole and embedded.truncated:
        return too_long(embedded.total, embedded.tokens)
    return embedded
