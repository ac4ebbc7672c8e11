"""Answers of a language model that counts, for tests of what stands in front of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cuebox.core.generation import Choice, Completed, Delta, TokenLogprobs, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cuebox.core.generation import GenerateRequest

__all__ = ["answer", "choice_text"]

_WORDS = (" one", " two", " three", " four", " five")


def choice_text(request: GenerateRequest, index: int) -> str:
    """The whole text of a choice: words that begin at another number in each."""
    return "".join(_pieces(request, index))


async def answer(request: GenerateRequest, pause: asyncio.Event | None = None) -> AsyncGenerator[
    Delta | Completed, None
]:  # fmt: skip
    """Answer as a generator does, one word of each choice a step.

    Args:
        pause: waited for after the first step.
    """
    steps = list(zip(*(_pieces(request, index) for index in range(request.n)), strict=True))
    for number, step in enumerate(steps if request.stream else ()):
        for index, text in enumerate(step):
            last = number == len(steps) - 1
            yield Delta(
                index=index,
                text=text,
                finish_reason="length" if last else None,
                score=-1.0 - index if last else None,
                logprobs=_logprobs(request, [text]),
            )
        if pause is not None:
            await pause.wait()
        await asyncio.sleep(0)
    choices = [_choice(request, index) for index in range(0 if request.stream else request.n)]
    yield Completed(
        choices=choices,
        usage=Usage(
            prompt_tokens=len(request.prompt),
            completion_tokens=request.max_tokens * request.n,
            cached_tokens=max(0, len(request.prompt) - 1),
            dropped_tokens=max(0, len(request.prompt) - 1_000),
        ),
        queue_ms=1.5,
        first_token_ms=2.5,
        total_ms=3.5,
        steps=request.max_tokens,
    )


def _pieces(request: GenerateRequest, index: int) -> list[str]:
    pieces = [_WORDS[(index + step) % len(_WORDS)] for step in range(request.max_tokens)]
    return [str(request.prompt), *pieces] if request.echo else pieces


def _choice(request: GenerateRequest, index: int) -> Choice:
    return Choice(
        index=index,
        text=choice_text(request, index),
        finish_reason="length",
        score=-1.0 - index,
        tokens=request.max_tokens,
        logprobs=_logprobs(request, _pieces(request, index)),
    )


def _logprobs(request: GenerateRequest, pieces: list[str]) -> TokenLogprobs | None:
    if request.logprobs is None:
        return None
    return TokenLogprobs(
        tokens=pieces,
        token_logprobs=[-0.5] * len(pieces),
        top_logprobs=[{piece: -0.5} for piece in pieces] if request.logprobs else None,
        text_offset=[0] * len(pieces),
    )
