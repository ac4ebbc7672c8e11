"""How much of a continuation is worth offering: where the keys it may be expected to save are most.

Whoever is offered text takes it whole or not at all, so one word that is wrong spoils all before
it. A longer piece saves more and is less likely to be right; between the two lies a best place to
end, and it is known only when the tokens beyond it are.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import NamedTuple, Protocol

from cuebox.core.characters import within_word

__all__ = ["Gains", "Place"]

# Characters that a token may be hoped to add, when a row is given up for what it says already.
_CHARACTERS = 6


class Growing(Protocol):
    """What is looked at of a `Row`."""

    text: str
    ends: list[int]
    logprobs: list[float]
    branched: int


class Place(NamedTuple):
    """Where an answer may end, and the natural log of the keys it saves, times their chance."""

    end: int
    gain: float


class Gains:
    """The places within one row at which no word is cut, weighed once each."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._places: list[Place] = []
        self._weighed = 0
        self._chance = 0.0

    def weigh(self, row: Growing, *, final: bool = False) -> None:
        """Take in the tokens of which what follows tells whether a word goes on after them.

        A mark that may join two parts of a word is no end before its second part is seen, unless
        nothing more comes: `final`.
        """
        start = len(self._typed)
        text = self._typed + row.text
        while self._weighed < len(row.ends) and row.ends[self._weighed] < len(row.text):
            end = row.ends[self._weighed]
            within = within_word(f"{text} ", start + end)
            if not final and within != within_word(f"{text}0", start + end):
                return
            self._chance += row.logprobs[self._weighed]
            self._weighed += 1
            # Up to where it branched off, another choice says the same.
            if not within and self._weighed > row.branched:
                self._offer(row, end, self._chance)

    def best(self, limit: int) -> int | None:
        """The end of the best answer within the first `limit` characters, None if none is whole."""
        places = [place for place in self._places if place.end <= limit]
        return max(places, key=lambda place: place.gain).end if places else None

    def close(self, row: Growing, limit: int) -> int:
        """The same when a row has ended, and its text up to `limit` is whole."""
        self.weigh(row, final=True)
        tokens = bisect_left(row.ends, limit) + 1
        self._offer(row, limit, sum(row.logprobs[:tokens]))
        best = self.best(limit)
        return limit if best is None else best

    def hopeless(self, row: Growing, left: int) -> bool:
        """Whether `left` more tokens can hardly make a better answer than there is."""
        if not self._places:
            return False
        hoped = len(row.text) + _CHARACTERS * left
        chance = self._chance + sum(row.logprobs[self._weighed :])
        return chance + math.log(hoped) < max(place.gain for place in self._places)

    def _offer(self, row: Growing, end: int, chance: float) -> None:
        whole = len(row.text[:end].rstrip())
        if row.text[:whole].strip():
            # One key accepts it; a single character gains nothing, but is better than none.
            self._places.append(Place(whole, chance + math.log(max(whole - 1, 1e-3))))
