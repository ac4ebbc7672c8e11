"""The wordings of a list of answers, arranged so that a draft finds those that begin like it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.slots.matching import fold
from cuebox.kinds.reply.slots.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import IntArray

__all__ = ["Wordings"]

# Above every character that a text may hold.
_LAST = "\U0010ffff"


class Wordings:
    """Templates in the order of a list; finding costs a search, not a walk over the list."""

    def __init__(self, templates: Sequence[str]) -> None:
        self.templates = tuple(templates)
        heads = [_head(template) for template in templates]
        self.has_slots = np.array([open_ended for _, open_ended in heads], bool)
        order = sorted(range(len(heads)), key=lambda place: heads[place][0])
        self._sorted = [heads[place][0] for place in order]
        self._order = np.asarray(order, np.int64)
        self._open: dict[str, list[int]] = defaultdict(list)
        for place, (head, open_ended) in enumerate(heads):
            if open_ended:
                self._open[head].append(place)
        self._lengths = sorted({len(head) for head in self._open})

    def beginning_with(self, draft: str) -> IntArray:
        """Places of the answers that may begin with a draft, whatever its case.

        Of an answer with slots that the draft has reached, only what stands before the first
        slot was compared.
        """
        low = bisect_left(self._sorted, draft)
        high = bisect_right(self._sorted, draft + _LAST)
        reached = [
            place
            for length in self._lengths
            if length < len(draft)
            for place in self._open.get(draft[:length], ())
        ]
        return np.concatenate([self._order[low:high], np.asarray(reached, np.int64)])


def _head(template: str) -> tuple[str, bool]:
    """What stands before the first slot, case folded, and whether there is one."""
    head = ""
    for piece in parse_template(template):
        if piece.is_slot:
            return " ".join((head + ".").split())[:-1].casefold(), True
        head += piece.text
    return fold(head).casefold(), False
