"""The figures of a replay: typed text saved, acceptance, and what was shown in vain."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.replay.typist import Typed, type_message
from cuebox.reports.bootstrap import bootstrap
from cuebox.reports.typing_scores import TypingScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cuebox.kinds.reply.replay.replayed import ReplayedConversation, ReplayedMessage
    from cuebox.kinds.reply.replay.typist import Policy
    from cuebox.reports.predictions import DoubleArray

__all__ = ["GROUPINGS", "Tally", "position", "rates"]

_COUNTS = (*(field.name for field in fields(Typed)), "exact_first")
_POSITIONS = ("beginning", "middle", "end")


def position(message: ReplayedMessage) -> str:
    """The third of the conversation that a message stands in, counted in agents' messages."""
    return _POSITIONS[int(3 * message.place)]


GROUPINGS: Mapping[str, Callable[[ReplayedMessage], str]] = {
    "position": position,
    "turn_kind": lambda message: message.turn_kind,
    "task": lambda message: message.task,
    "agent": lambda message: message.agent,
}


class Tally:
    """Counts of what a typist met with under one policy, by group and conversation."""

    def __init__(self, policy: Policy, groupings: Iterable[str] = ()) -> None:
        """Count over all messages, and by the named of `GROUPINGS`."""
        self.policy = policy
        self.groupings = tuple(groupings)
        self._counts: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)

    def add(self, conversation: ReplayedConversation) -> None:
        """Type the messages of a conversation and count."""
        for message in conversation.messages:
            counted = self._type(message)
            groups = [("", "")]
            groups += [(name, GROUPINGS[name](message)) for name in self.groupings]
            for group in groups:
                if group[1] or not group[0]:
                    counts = self._counts[group].setdefault(conversation.id, [0] * len(counted))
                    counts[:] = map(sum, zip(counts, counted, strict=True))

    def scores(self, *, resamples: int = 1000, seed: int = 0) -> TypingScores:
        """Over all messages, with intervals by bootstrap over conversations."""
        return _scores("all", self._counts["", ""], resamples, seed)

    def groups(self, grouping: str, *, resamples: int = 1000, seed: int = 0) -> list[TypingScores]:
        """By group, the largest first, thirds of the conversation in order; unknown left out."""
        found = {
            name: counts for (by, name), counts in self._counts.items() if by and by == grouping
        }
        scores = [_scores(name, counts, resamples, seed) for name, counts in found.items()]
        if grouping == "position":
            return sorted(scores, key=lambda one: _POSITIONS.index(one.name))
        return sorted(scores, key=lambda one: (-one.messages, one.name))

    def totals(self) -> dict[str, float]:
        """The figures over all messages, without intervals."""
        return rates(np.sum(_matrix(self._counts["", ""]), axis=0))

    def _type(self, message: ReplayedMessage) -> list[int]:
        moments = message.moments
        typed = type_message(len(moments), moments.__getitem__, self.policy)
        shown = 0 if self.policy.min_reply == math.inf else self.policy.replies
        exact = any(keys == 1 for _, keys in moments[0].replies[:shown])
        return [*(getattr(typed, field.name) for field in fields(Typed)), int(exact)]


def rates(sums: DoubleArray) -> dict[str, float]:
    """The figures of `TypingScores` from sums of counts, in the order of `Typed` and exact."""
    count = dict(zip(_COUNTS, map(float, sums), strict=True))
    accepted = count["replies"] + count["completions"]
    return {
        "saved": 1 - _ratio(count["keys"], count["characters"], empty=1),
        "acceptance": _ratio(accepted, count["shown"]),
        "shown": _ratio(count["shown"], count["looks"]),
        "wrong_shown": 100 * _ratio(count["wrong"], count["keys"]),
        "wrong_suggestions": 100 * _ratio(count["wrong_suggestions"], count["keys"]),
        "wrong_per_message": _ratio(count["wrong"], count["messages"]),
        "helped": _ratio(count["helped"], count["messages"]),
        "exact_first": _ratio(count["exact_first"], count["messages"]),
    }


def _ratio(part: float, whole: float, *, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _matrix(counts: Mapping[str, Sequence[int]]) -> DoubleArray:
    """Float64 `[conversations, counts]`, in the order of ids, so that intervals repeat."""
    rows = [counts[identity] for identity in sorted(counts)]
    return np.asarray(rows, np.float64).reshape(-1, len(_COUNTS))


def _scores(
    name: str, counts: Mapping[str, Sequence[int]], resamples: int, seed: int
) -> TypingScores:
    matrix = _matrix(counts)

    def statistics(weights: DoubleArray) -> dict[str, float]:
        return rates(weights @ matrix)

    sums = dict(zip(_COUNTS, matrix.sum(axis=0).astype(int).tolist(), strict=True))
    return TypingScores(
        name=name,
        conversations=len(matrix),
        messages=sums["messages"],
        characters=sums["characters"],
        keys=sums["keys"],
        figures=bootstrap(statistics, len(matrix), resamples=resamples, seed=seed),
    )
