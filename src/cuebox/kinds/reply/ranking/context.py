"""What the tower sees of a conversation: signs, and turns pooled by who spoke and how long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.ranking.signs import OTHER, conversation_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.types import FloatArray

__all__ = ["MOST_TURNS", "POOLS", "Context", "read_context", "recent"]

# Turns considered; what is older no longer tells what comes next, and costs would grow.
MOST_TURNS = 48
POOLS = ("newest", "answered", "before", "users", "agents", "first")

_MOST_USERS = 6
_MOST_AGENTS = 3
_DECAY = 0.7


@dataclass(frozen=True, slots=True)
class Context:
    """A conversation as the tower reads it.

    Attributes:
        signs: what is there, by name.
        texts: turns to embed, each by itself.
        weights: float32 `[pools, texts]`; the rows of `POOLS` sum to 1, or are 0 throughout.
    """

    signs: frozenset[str]
    texts: tuple[str, ...]
    weights: FloatArray

    def pooled(self, embeddings: FloatArray) -> FloatArray:
        """Embeddings `[texts, dim]` as one vector, `[pools * dim]`."""
        return np.asarray(self.weights @ embeddings, np.float32).reshape(-1)


def recent(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that count: the newest, and the user's first, which says what it is about."""
    if len(turns) <= MOST_TURNS:
        return list(turns)
    newest = list(turns[len(turns) - MOST_TURNS :])
    first = next((turn for turn in turns[:MOST_TURNS] if turn.role == "user"), None)
    return newest if first is None else [first, *newest]


def read_context(turns: Sequence[Turn], answer_of: Callable[[int], str | None]) -> Context:
    """Read a conversation as it stands before the agent's next turn.

    Args:
        turns: what `recent` gave.
        answer_of: the answer that the agent's turn at a place was; None when it is none.
    """
    agents = [place for place, turn in enumerate(turns) if turn.role == "agent"]
    users = [place for place, turn in enumerate(turns) if turn.role == "user"]
    given = [answer_of(place) or OTHER for place in agents]
    signs = frozenset(conversation_signs(turns, given))
    last = agents[-1] if agents else -1
    earlier = [place for place in users if place < last]
    pools = (
        _even(place for place in users[-_MOST_USERS:] if place > last),
        _even(agents[-1:]),
        _even(earlier[-1:]),
        _fading(users[-_MOST_USERS:]),
        _fading(agents[-_MOST_AGENTS:]),
        _even(users[:1]),
    )
    places = sorted(set().union(*pools))
    weights = np.zeros((len(POOLS), len(places)), np.float32)
    for row, pool in enumerate(pools):
        for place, weight in pool.items():
            weights[row, places.index(place)] = weight
    return Context(signs, tuple(turns[place].text for place in places), weights)


def _even(places: Iterable[int]) -> dict[int, float]:
    found = list(places)
    return {place: 1 / len(found) for place in found}


def _fading(places: Sequence[int]) -> dict[int, float]:
    """Weights that fall the longer ago a turn was."""
    weights = {place: _DECAY**age for age, place in enumerate(reversed(places))}
    total = sum(weights.values())
    return {place: weight / total for place, weight in weights.items()}
