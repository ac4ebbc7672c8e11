"""What one step computes: the next tokens of all answers, and a piece of each unread prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cuebox.generation.engine.batch import BatchBuilder
from cuebox.generation.engine.pace import share_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import StepBatch
    from cuebox.generation.choices.row import Row
    from cuebox.generation.engine.kv_cache import KvCache
    from cuebox.generation.engine.work import Work

__all__ = ["Gathered", "gather"]

# Prompt tokens of one request whose logits are all wanted (`echo` with `logprobs`) at a time: at
# a vocabulary of 50,000 they are 13 MB.
_MOST_SAMPLED = 64


class Gathered(NamedTuple):
    """A step's batch and whose its logits are.

    Attributes:
        rows: choices that go on; the first logits are theirs, in this order.
        reads: requests whose prompts are read, and how many of the following logits each gets.
        prompt_tokens: of the batch.
    """

    batch: StepBatch
    rows: list[Row]
    reads: list[tuple[Work, int]]
    prompt_tokens: int


def gather(works: Sequence[Work], cache: KvCache, prompt_tokens: int) -> Gathered:
    """The next step of at least one running request.

    Args:
        works: all that runs.
        cache: gives room for the new tokens.
        prompt_tokens: how many tokens of prompts to read at most.
    """
    builder = BatchBuilder()
    rows = _add_rows(works, cache, builder)
    decoded = len(builder)
    reads = _add_prompts(works, cache, builder, prompt_tokens)
    return Gathered(builder.build(), rows, reads, len(builder) - decoded)


def _add_rows(works: Sequence[Work], cache: KvCache, builder: BatchBuilder) -> list[Row]:
    rows: list[Row] = []
    for work in works:
        if not work.live:
            continue
        work.steps += 1
        for row, sequence in work.live.items():
            feed = row.feed
            if len(sequence.tokens) + len(feed) > sequence.room:
                cache.extend(sequence, len(feed))
            builder.add(sequence, feed, sampled=1)
            rows.append(row)
    return rows


def _add_prompts(
    works: Sequence[Work], cache: KvCache, builder: BatchBuilder, budget: int
) -> list[tuple[Work, int]]:
    unread = [work for work in works if not work.begun]
    reads = []
    for work, part in zip(unread, share_out([_left(work) for work in unread], budget), strict=True):
        sequence, tokens = work.prompt_sequence, work.prompt.tokens
        start = len(sequence.tokens)
        sampled = int(start + part == len(tokens))
        if work.continuation.wants_prompt_logits:
            sampled = part
        cache.extend(sequence, part)
        builder.add(sequence, tokens[start : start + part], sampled=sampled)
        work.steps += 1
        reads.append((work, sampled))
    return reads


def _left(work: Work) -> int:
    """Prompt tokens that a step may read."""
    left = len(work.prompt.tokens) - len(work.prompt_sequence.tokens)
    return min(left, _MOST_SAMPLED) if work.continuation.wants_prompt_logits else left
