"""The two sources of suggestions: replies that are ranked, and the draft continued."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.generation import Completed, GenerateRequest
from cuebox.core.types import Embedded
from cuebox.serving.completion import generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.replies import RankedReply
    from cuebox.serving.catalog import CompletionModel, ReplyModel
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.requests import Timings
    from cuebox.serving.settings import SuggestSettings
    from cuebox.serving.suggestion_requests import SuggestRequest

__all__ = ["Ranked", "complete", "rank"]

# What the engine has when time is up must still be read, held against the replies and written.
_WAY_BACK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Ranked:
    """Replies that are sure enough, and the texts that were read for them.

    Attributes:
        tokens: that the encoder read of them.
        cached: how many were remembered.
    """

    replies: list[RankedReply]
    tokens: int = 0
    cached: int = 0


async def rank(
    model: ReplyModel,
    asked: SuggestRequest,
    least: float | None,
    *,
    timings: Timings,
    until: float,
) -> Ranked:
    """Embed what the ranker wants to read, and rank.

    Ranking runs in the event loop: between two keystrokes it takes about a millisecond, however
    many answers there are, and most of that is Python, which no other thread would run sooner.

    Args:
        least: the least score of a reply; None shows all.
        until: `time.monotonic()` seconds.

    Raises:
        Overloaded, DeadlineExceeded: as the trunk says.
    """
    turns, draft = asked.conversation, asked.draft
    began = time.monotonic()
    try:
        texts = model.predictor.texts(turns, draft)
        found, cached = await _embed(model, texts, timings=timings, until=until)
        vectors = Embedded.stack(found) if found else np.zeros((0, model.info.dim), np.float32)
        embedded = time.monotonic()
        ranked = model.predictor.rank(turns, draft, vectors, asked.k)
        timings.head += time.monotonic() - embedded
    finally:
        timings.reply = time.monotonic() - began
    replies = [each for each in ranked if least is None or each.score >= least]
    return Ranked(replies, sum(each.tokens for each in found), cached)


async def complete(
    model: CompletionModel | None,
    asked: SuggestRequest,
    least: float | None,
    limits: SuggestSettings,
    *,
    client: str,
    until: float,
    timings: Timings,
    metrics: Metrics,
) -> Completed | None:
    """One continuation of the draft, the most probable; None where there is nothing to continue.

    The model answers with what it has when time is up.

    Raises:
        Overloaded, Conflict, Unavailable: as `Generator.stream` says.
    """
    prompt = model.predictor.prompt(asked.conversation, asked.draft) if model else ""
    if model is None or not prompt:
        return None
    began = time.monotonic()
    request = GenerateRequest(
        prompt=prompt,
        max_tokens=limits.max_tokens,
        temperature=0,
        stop_at=limits.stop_at,
        min_score=least,
        max_time_ms=max(1.0, 1e3 * (until - began - _WAY_BACK_SECONDS)),
        session=asked.session,
        client=client,
    )
    try:
        async with aclosing(generate(model, request, metrics)) as items:
            async for item in items:
                if isinstance(item, Completed):
                    return item
    finally:
        timings.completion = time.monotonic() - began
    return None


async def _embed(
    model: ReplyModel, texts: Sequence[str], *, timings: Timings, until: float
) -> tuple[list[Embedded], int]:
    """Each text by itself: what is ready when time is up is remembered for the next keystroke."""
    different = list(dict.fromkeys(texts))
    outcomes = await asyncio.gather(
        *(model.trunk.embed_one(text, timings=timings, deadline=until) for text in different),
        return_exceptions=True,
    )
    known: dict[str, Embedded] = {}
    cached = 0
    for text, outcome in zip(different, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            raise outcome
        embedded, hit = outcome
        if not isinstance(embedded, Embedded):
            raise embedded
        known[text] = embedded
        cached += hit
    return [known[text] for text in texts], cached
