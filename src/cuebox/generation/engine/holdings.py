"""The sequences that a running request holds: rows branch, end, and are remembered or not."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cuebox.generation.choices.row import Row
    from cuebox.generation.engine.kv_cache import KvCache
    from cuebox.generation.engine.work import Work

__all__ = ["Keep", "branch", "release"]


class Keep(Enum):
    """What to remember of a request that is over."""

    ANSWER = "answer"
    PROMPT = "prompt"
    NOTHING = "nothing"


def branch(cache: KvCache, work: Work, rows: list[Row]) -> None:
    """Go on with `rows`: new ones share the blocks of their parent, those not in it are freed.

    The first row of a request that has only one goes on in the prompt's own sequence.
    """
    prompt, tokens = work.prompt_sequence, len(work.prompt.tokens)
    for row in rows:
        if not row.fresh:
            continue
        if work.rows == 1 and not work.live:
            work.live[row] = prompt
        else:
            parent = work.live[row.parent] if row.parent and row.inherits else prompt
            work.live[row] = cache.fork(parent, tokens + row.inherits)
    going_on = set(rows)
    for row in [row for row in work.live if row not in going_on]:
        sequence = work.live.pop(row)
        if sequence is not prompt:
            cache.publish(sequence, tail=True, answer_from=_answer_from(cache, work))
            cache.close(sequence)


def release(cache: KvCache, work: Work, keep: Keep) -> None:
    """Give back everything a started request holds."""
    prompt, tokens = work.prompt_sequence, len(work.prompt.tokens)
    if keep is Keep.PROMPT:
        cache.truncate(prompt, min(len(prompt.tokens), tokens))
    rows = [sequence for sequence in work.live.values() if sequence is not prompt]
    if keep is Keep.ANSWER:
        for sequence in rows:
            cache.publish(sequence, tail=True, answer_from=_answer_from(cache, work))
    if keep is not Keep.NOTHING:
        cache.publish(prompt, tail=True, answer_from=tokens)
    for sequence in (*rows, prompt):
        cache.close(sequence)
    cache.end(prompt.reservation)
    work.live, work.sequence = {}, None


def _answer_from(cache: KvCache, work: Work) -> int:
    """Where the blocks begin that rows have to themselves; the prompt's end is kept beside them."""
    tokens = len(work.prompt.tokens)
    return tokens - tokens % cache.block_size
