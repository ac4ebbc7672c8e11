"""From the record of a replay to the scores of a suggester, in two passes over the record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cuebox.kinds.reply.replay.measures import Tally
from cuebox.kinds.reply.replay.tradeoff import COVERAGES, TopScores, trade_off_point
from cuebox.reports.typing_scores import ScoresAt, SuggesterScores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cuebox.kinds.reply.replay.replayed import ReplayedConversation
    from cuebox.kinds.reply.replay.typist import Policy

__all__ = ["score"]


def score(
    read: Callable[[], Iterable[ReplayedConversation]],
    policy: Policy,
    *,
    name: str,
    meaning: str = "",
    groupings: Sequence[str] = ("turn_kind",),
    curve: bool = True,
    resamples: int = 1000,
) -> SuggesterScores:
    """Figures with 1 reply shown and with as many as `policy` allows, and the trade-off curve.

    Args:
        read: gives the replayed conversations from the beginning, each time it is called.
        policy: what is shown.
        groupings: names of `measures.GROUPINGS`, for the figures with the most replies; those
            with one reply are by turn kind only.
    """
    most = Tally(policy, groupings)
    tallies = {policy.replies: most}
    if policy.replies > 1:
        tallies = {1: Tally(replace(policy, replies=1), ["turn_kind"]), **tallies}
    points = _curve_tallies(read, policy) if curve else {}
    for conversation in read():
        for tally in (*tallies.values(), *points.values()):
            tally.add(conversation)
    return SuggesterScores(
        name=name,
        meaning=meaning,
        at=[_scores_at(replies, tally, resamples) for replies, tally in tallies.items()],
        curve=[trade_off_point(coverage, tally) for coverage, tally in points.items()],
    )


def _curve_tallies(
    read: Callable[[], Iterable[ReplayedConversation]], policy: Policy
) -> dict[float, Tally]:
    """A tally for each coverage; coverages that mean the same thresholds are one.

    A source that `policy` switches off stays so.
    """
    top = TopScores()
    for conversation in read():
        top.add(conversation)
    policies = {top.policy(coverage, policy): coverage for coverage in reversed(COVERAGES)}
    return {coverage: Tally(moved) for moved, coverage in reversed(policies.items())}


def _scores_at(replies: int, tally: Tally, resamples: int) -> ScoresAt:
    return ScoresAt(
        replies=replies,
        overall=tally.scores(resamples=resamples),
        groups={by: tally.groups(by, resamples=resamples) for by in tally.groupings},
    )
