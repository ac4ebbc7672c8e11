"""The baseline: an n-gram model with interpolated modified Kneser-Ney smoothing.

Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1999). An
n-gram is known by its place among the sorted n-grams of its length; its key is the place of its
first n - 1 tokens times the vocabulary, plus its last token. So each length is one sorted array,
and the n-grams that begin alike are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray, IntArray

__all__ = ["KneserNey"]


@dataclass(frozen=True, slots=True)
class _Level:
    """All n-grams of one length.

    Attributes:
        keys: sorted, int64.
        shares: what is left of each n-gram's own probability after the discount.
        backoff: for each context (n-gram one shorter), the weight of the shorter estimate.
    """

    keys: IntArray
    shares: NDArray[np.float32]
    backoff: NDArray[np.float32]


class KneserNey:
    """`ScoreTokens` and `ContinueTokens` by counts."""

    def __init__(self, levels: Sequence[_Level], vocabulary: int, context: int) -> None:
        self._levels, self._vocabulary = levels, vocabulary
        self.context = context
        self._branches: list[list[int]] = []

    @classmethod
    def fit(
        cls, tokens: NDArray[Any], *, order: int, vocabulary: int, context: int = 1024
    ) -> KneserNey:
        """Count a stream of tokens in which documents are parted by their own token."""
        stream = tokens.astype(np.int64)
        places, keys, counts = _count(stream, order, vocabulary)
        levels: list[_Level] = []
        for level in range(order):
            used = counts[level]
            if level + 1 < order:
                # Lower orders count what an n-gram follows, not how often it occurs.
                longer = keys[level + 1][1]
                used = np.bincount(places[level][longer], minlength=len(used))
            contexts = len(keys[level - 1][0]) if level else 1
            levels.append(_smooth(keys[level][0], used, vocabulary, contexts))
        return cls(levels, vocabulary, context)

    def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Log-probability of each token but the first."""
        return [self._score(np.asarray(text, np.int64)) for text in texts]

    def begin(self, tokens: Sequence[int]) -> FloatArray:
        """Read a prompt; only its last tokens matter."""
        self._branches = [list(tokens)[-len(self._levels) :]]
        return self._next(self._branches[0])

    def extend(self, parents: Sequence[int], tokens: Sequence[int]) -> FloatArray:
        """Add a token to branches."""
        self._branches = [
            [*self._branches[parent], token] for parent, token in zip(parents, tokens, strict=True)
        ]
        return np.stack([self._next(branch) for branch in self._branches])

    def _score(self, text: IntArray) -> FloatArray:
        chances = np.full(len(text), 1 / self._vocabulary)
        context = np.zeros(len(text), np.int64)  # the empty context, place 0
        for level in self._levels:
            place, found = _find(level.keys, context * self._vocabulary + text)
            known = context >= 0
            backoff = np.where(known, level.backoff[context], 1)
            own = np.where(found & known, level.shares[place], 0)
            chances = own + backoff * chances
            context = np.concatenate([[-1], np.where(found & known, place, -1)[:-1]])
        logs: FloatArray = np.log(chances[1:]).astype(np.float32)
        return logs

    def _next(self, before: list[int]) -> FloatArray:
        chances = np.full(self._vocabulary, 1 / self._vocabulary)
        for number, level in enumerate(self._levels):
            context = self._place(before[len(before) - number :]) if number <= len(before) else -1
            if context < 0:
                break
            chances *= level.backoff[context]
            first, last = np.searchsorted(
                level.keys, [context * self._vocabulary, (context + 1) * self._vocabulary]
            )
            chances[level.keys[first:last] % self._vocabulary] += level.shares[first:last]
        logs: FloatArray = np.log(chances).astype(np.float32)
        return logs

    def _place(self, tokens: Sequence[int]) -> int:
        """The place of an n-gram among those of its length, -1 when it was never seen."""
        place = 0
        for level, token in zip(self._levels, tokens, strict=False):
            key = place * self._vocabulary + token
            place = int(np.searchsorted(level.keys, key))
            if place == len(level.keys) or level.keys[place] != key:
                return -1
        return place


def _find(keys: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """The place of each key, and whether it is there at all; an unknown one is at place 0."""
    place = np.searchsorted(keys, wanted)
    found = place < len(keys)
    place[~found] = 0
    found &= keys[place] == wanted
    return np.where(found, place, 0), found


def _count(
    stream: IntArray, order: int, vocabulary: int
) -> tuple[list[IntArray], list[tuple[IntArray, IntArray]], list[IntArray]]:
    """For each length: the place of the n-gram that ends at each token (from token n on), the
    sorted keys with one token each where they end, and how often each occurs.
    """
    places: list[IntArray] = []
    keys: list[tuple[IntArray, IntArray]] = []
    counts: list[IntArray] = []
    before = np.zeros(len(stream), np.int64)
    for number in range(order):
        key = np.full(len(stream), -1, np.int64)
        key[number:] = before[number:] * vocabulary + stream[number:]
        unique, first, place, count = np.unique(
            key[number:], return_index=True, return_inverse=True, return_counts=True
        )
        ends = np.zeros(len(stream), np.int64)
        ends[number:] = place
        places.append(ends)
        keys.append((unique, first + number))
        counts.append(count)
        before = np.concatenate([[0], ends[:-1]])
    return places, keys, counts


def _smooth(keys: IntArray, counts: IntArray, vocabulary: int, contexts: int) -> _Level:
    """Discount counts and give what was taken to the shorter estimate."""
    context = keys // vocabulary
    discounts = _discounts(counts)
    taken = discounts[np.minimum(counts, 3)]
    total = np.bincount(context, weights=counts, minlength=contexts)
    given = np.bincount(context, weights=taken, minlength=contexts)
    total = np.maximum(total, 1e-9)
    backoff = np.where(given > 0, given / total, 1)
    shares = (counts - taken) / total[context]
    return _Level(keys, shares.astype(np.float32), backoff.astype(np.float32))


def _discounts(counts: IntArray) -> NDArray[np.float64]:
    """What is taken from an n-gram seen never, once, twice, and more often."""
    seen = [int((counts == number).sum()) for number in range(1, 5)]
    if not all(seen):
        # Too little text for the estimate: absolute discounting.
        return np.array([0, 0.5, 0.75, 0.9])
    base = seen[0] / (seen[0] + 2 * seen[1])
    found = [number - (number + 1) * base * seen[number] / seen[number - 1] for number in (1, 2, 3)]
    return np.array([0, *(min(max(one, 0.05), number) for number, one in enumerate(found, 1))])
