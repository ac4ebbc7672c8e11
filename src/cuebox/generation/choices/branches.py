"""Where the choices of a request part ways.

Three choices that differ in their first token are poor ones where the model is sure of that
token. So a request starts with as many rows as there are plausible first tokens, and goes on
branching at the next steps until it has the rows it wants; until then they share their work.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from cuebox.generation.choices.row import Pick, Row

__all__ = ["HORIZON", "Branch", "Branches", "kin"]

# Tokens after which the choices part at the best place seen, sure or not: later would only delay.
HORIZON = 4
# A branch is plausible with this much of the best token's probability; where tokens are drawn by
# chance, if this much was left to draw from. On held-out conversations the best of three choices
# then saves 12.9 characters, 9.6 where all part at the first token; on books the first word is
# among the three in .41 of the cases, instead of .34.
_PLAUSIBLE = 0.1
# One with less is noise ("goodbye.!"): better fewer choices than that.
_POSSIBLE = 0.001


class Branch(NamedTuple):
    """A token that a row could have taken.

    Attributes:
        position: new tokens of the row before it.
        top: the most probable tokens of that step.
        joint: log-probability of the row's tokens up to this one.
        plausible: how well it stands beside the token the row took, 1 is best.
    """

    row: Row
    position: int
    pick: Pick
    top: list[Pick]
    joint: float
    plausible: float


class Branches:
    """The branches of a request which were not taken yet, to be taken the likeliest first."""

    def __init__(self) -> None:
        self._offered: list[Branch] = []
        self._waiting: list[Branch] = []

    def offer(self, row: Row, picks: list[Pick]) -> None:
        """What else a row's step chose, before the row takes `picks[0]`."""
        prior = row.allowed.log_prior if row.allowed is not None else _no_prior
        values = [pick.logprob + prior(pick.token) - row.mass for pick in picks]
        joint = sum(row.logprobs)
        left = 1.0
        for pick, value in zip(picks, values, strict=True):
            plausible = math.exp(min(value - values[0], 0)) if row.sampling.greedy else left
            left -= math.exp(value)
            if pick is not picks[0]:
                place = Branch(
                    row, len(row.tokens), pick, row.top, joint + value + row.mass, plausible
                )
                self._offered.append(place)

    def plausible(self) -> Branch | None:
        """The best one offered in this step that is worth a row."""
        found = max(
            (branch for branch in self._offered if branch.plausible >= _PLAUSIBLE),
            key=_joint,
            default=None,
        )
        if found is not None:
            self._offered.remove(found)
        return found

    def keep(self) -> None:
        """End of a step: what was offered and not taken waits."""
        self._waiting += [one for one in self._offered if one.plausible >= _POSSIBLE]
        self._waiting.sort(key=_joint)
        self._offered = []

    def next(self) -> Branch | None:
        """The best one waiting."""
        return self._waiting.pop() if self._waiting else None


def kin(tokens: list[int], rows: Collection[Row]) -> tuple[Row | None, int]:
    """Of rows that were fed, the one which shares most of `tokens`, and how many it shares."""
    found: tuple[Row | None, int] = (None, 0)
    for row in rows:
        shared = 0
        for one, other in zip(tokens[:-1], row.tokens[:-1], strict=False):
            if one != other:
                break
            shared += 1
        if shared > found[1]:
            found = row, shared
    return found


def _joint(branch: Branch) -> float:
    return branch.joint


def _no_prior(token: int) -> float:  # noqa: ARG001
    return 0.0
