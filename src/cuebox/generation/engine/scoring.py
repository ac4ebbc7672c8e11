"""Log-probabilities of given tokens, as a request like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, Overloaded
from cuebox.core.generation import Completed, GenerateRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.generation.engine.work import Answer

__all__ = ["score"]


def score(
    tokens: Sequence[int],
    submit: Callable[[GenerateRequest, Callable[[Answer], None]], object],
    step: Callable[[], bool],
) -> list[float]:
    """Log-probability of each of at least two tokens but the first.

    Steps until it has them, and whatever else runs along with it; a full queue is waited for.
    """
    answers: list[Answer] = []
    request = GenerateRequest(
        prompt=list(tokens), max_tokens=0, temperature=0, echo=True, logprobs=0
    )
    while True:
        try:
            submit(request, answers.append)
            break
        except Overloaded:
            step()
    while not answers:
        step()
    return _token_logprobs(answers[0])


def _token_logprobs(answer: Answer) -> list[float]:
    """Those of an echoed prompt; its first token has none."""
    if isinstance(answer, CueboxError):
        raise answer
    assert isinstance(answer, Completed)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    return [value for value in logprobs.token_logprobs if value is not None]
