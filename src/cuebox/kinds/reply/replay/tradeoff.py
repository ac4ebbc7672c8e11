"""Typed text saved against what is shown in vain, as the thresholds move together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.replay.typist import Policy
from cuebox.reports.typing_scores import TradeOffPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.kinds.reply.replay.measures import Tally
    from cuebox.kinds.reply.replay.replayed import ReplayedConversation

__all__ = ["COVERAGES", "TopScores", "trade_off_point"]

# From everything to nearly nothing; finer where little is shown and each show counts.
COVERAGES = (
    *(1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2),
    *(0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01),
)


class TopScores:
    """The best scores of each source at every draft, from which thresholds follow."""

    def __init__(self) -> None:
        self._replies: list[float] = []
        self._completions: list[float] = []
        self._drafts = 0

    def add(self, conversation: ReplayedConversation) -> None:
        """Take in the drafts of a conversation."""
        for message in conversation.messages:
            self._drafts += len(message.moments)
            for moment in message.moments:
                if moment.replies:
                    self._replies.append(max(score for score, _ in moment.replies))
                if moment.completion is not None:
                    self._completions.append(moment.completion[0])

    def policy(self, coverage: float, policy: Policy) -> Policy:
        """Thresholds at which each source has something to show at `coverage` of the drafts.

        A source that has less to say than that shows all of it. Where scores are equal, more
        may be shown. A source that `policy` switches off stays so.
        """
        wanted = coverage * self._drafts
        replies = math.inf if policy.min_reply == math.inf else _threshold(self._replies, wanted)
        completions = math.inf
        if policy.min_completion != math.inf:
            completions = _threshold(self._completions, wanted)
        return Policy(policy.replies, replies, completions)


def trade_off_point(coverage: float, tally: Tally) -> TradeOffPoint:
    """A point of the curve, from the counts under its policy."""
    figures = tally.totals()
    policy = tally.policy
    return TradeOffPoint(
        coverage=coverage,
        min_reply=_finite(policy.min_reply),
        min_completion=_finite(policy.min_completion),
        saved=figures["saved"],
        wrong_shown=figures["wrong_shown"],
        wrong_per_message=figures["wrong_per_message"],
        acceptance=figures["acceptance"],
    )


def _threshold(scores: Sequence[float], wanted: float) -> float:
    if not scores:
        return math.inf
    kept = max(1, round(wanted))
    if kept >= len(scores):
        return -math.inf
    return float(np.partition(np.asarray(scores), -kept)[-kept])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
