"""What `POST /v1/completions` answers, in OpenAI's form."""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.core.generation import FinishReason, TokenLogprobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.api.messages import Request
    from cuebox.core.generation import Completed
    from cuebox.serving.requests import ModelInfo

__all__ = [
    "Completion",
    "CompletionChoice",
    "CompletionUsage",
    "Heading",
    "PromptTokensDetails",
    "completion",
    "timing",
    "usage",
]


class PromptTokensDetails(msgspec.Struct):
    """Tokens of the prompts that were remembered from earlier requests."""

    cached_tokens: int


class CompletionUsage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the request cost, over all prompts.

    Attributes:
        prompt_tokens: tokens that the model read.
        completion_tokens: tokens that it wrote, those of discarded choices included.
        dropped_tokens: extension: tokens before the model's window, which it did not read;
            absent when it read everything.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    dropped_tokens: int = 0


class CompletionChoice(msgspec.Struct, kw_only=True):
    """One answer; those of a prompt come best first: by how surely they begin, so their scores,
    which weigh all tokens alike, need not descend.

    Attributes:
        text: what comes after the prompt; with `echo`, after itself.
        finish_reason: `stop` at its natural end, a stop text or a whole thought; `length` when
            the tokens or the time were used up.
        score: extension: mean log-probability of its tokens, before temperature and penalties;
            with `stop_at: gain` their sum, the log of the chance that all of it is right.
    """

    index: int
    text: str
    logprobs: TokenLogprobs | None
    finish_reason: FinishReason
    score: float


class Completion(msgspec.Struct, kw_only=True):
    """The answers to all prompts.

    Attributes:
        created: Unix seconds.
        system_fingerprint: the model's version, and a part of the digest of its decoder.
    """

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    system_fingerprint: str
    choices: list[CompletionChoice]
    usage: CompletionUsage


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above an answer, streamed or not."""

    id: str
    created: int
    model: str
    system_fingerprint: str

    @classmethod
    def of(cls, request: Request, info: ModelInfo) -> Heading:
        """The heading of the answer to `request`, given now."""
        fingerprint = f"{info.version}-{info.decoder[:12]}"
        return cls(f"cmpl-{request.id}", int(time()), info.name, fingerprint)


def completion(heading: Heading, answers: Sequence[Completed], n: int) -> Completion:
    """The whole answer; prompt `i` has the indices from `i * n` on."""
    return Completion(
        id=heading.id,
        created=heading.created,
        model=heading.model,
        system_fingerprint=heading.system_fingerprint,
        choices=[
            CompletionChoice(
                index=prompt * n + choice.index,
                text=choice.text,
                logprobs=choice.logprobs,
                finish_reason=choice.finish_reason,
                score=choice.score,
            )
            for prompt, answer in enumerate(answers)
            for choice in answer.choices
        ],
        usage=usage(answers),
    )


def usage(answers: Sequence[Completed]) -> CompletionUsage:
    """The sum over the prompts."""
    read = sum(answer.usage.prompt_tokens for answer in answers)
    written = sum(answer.usage.completion_tokens for answer in answers)
    cached = sum(answer.usage.cached_tokens for answer in answers)
    return CompletionUsage(
        prompt_tokens=read,
        completion_tokens=written,
        total_tokens=read + written,
        prompt_tokens_details=PromptTokensDetails(cached),
        dropped_tokens=sum(answer.usage.dropped_tokens for answer in answers),
    )


def timing(answers: Sequence[Completed]) -> bytes:
    """`Server-Timing` entries; of prompts that were answered side by side, the slowest."""
    return b"queue;dur=%.2f, first_token;dur=%.2f, generate;dur=%.2f" % (
        max(answer.queue_ms for answer in answers),
        max(answer.first_token_ms for answer in answers),
        max(answer.total_ms for answer in answers),
    )
