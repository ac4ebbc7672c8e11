"""Figures against hand-computed cases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from cuebox.kinds.reply.replay.measures import Tally, position
from cuebox.kinds.reply.replay.replayed import ReplayedConversation, ReplayedMessage
from cuebox.kinds.reply.replay.scores import score
from cuebox.kinds.reply.replay.tradeoff import TopScores
from cuebox.kinds.reply.replay.typist import Moment, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator


def message(
    *moments: Moment, place: float = 0.5, kind: str = "", task: str = ""
) -> ReplayedMessage:
    return ReplayedMessage(place=place, turn_kind=kind, task=task, moments=list(moments))


NOTHING = Moment()
WRONG = Moment([(0.4, 0), (0.2, 0)])
# Ten characters sent with one key; ten with nothing shown; five with a wrong look, a completion
# of three characters, and a last look at a wrong completion.
SENT = message(Moment([(0.3, 0), (0.9, 1)]), *[NOTHING] * 9, place=0.1, kind="picked", task="a")
TYPED = message(*[NOTHING] * 10, place=0.5, kind="free", task="a")
MIXED = message(
    WRONG, Moment([], (-0.5, 3)), NOTHING, NOTHING, Moment([], (-2.0, 0)), place=0.9, kind="free"
)
TALKS = [
    ReplayedConversation(id="1", messages=[SENT, TYPED]),
    ReplayedConversation(id="2", messages=[MIXED]),
]


def tally(policy: Policy, *groupings: str) -> Tally:
    counted = Tally(policy, groupings)
    for talk in TALKS:
        counted.add(talk)
    return counted


def test_figures_over_all_messages() -> None:
    scores = tally(Policy(3)).scores(resamples=20)
    assert (scores.conversations, scores.messages, scores.characters) == (2, 3, 25)
    assert scores.keys == 1 + 10 + 3
    values = {name: estimate.value for name, estimate in scores.figures.items()}
    assert values == pytest.approx(
        {
            "saved": 1 - 14 / 25,
            "acceptance": 2 / 4,
            "shown": 4 / 14,
            "wrong_shown": 100 * 2 / 14,
            "wrong_suggestions": 100 * 4 / 14,
            "wrong_per_message": 2 / 3,
            "helped": 2 / 3,
            "exact_first": 1 / 3,
        }
    )
    saved = scores.figures["saved"]
    assert saved.low is not None
    assert saved.high is not None
    assert saved.low <= saved.value <= saved.high


def test_with_one_reply_the_second_is_not_there() -> None:
    figures = tally(Policy(1)).totals()
    assert figures["saved"] == pytest.approx(1 - (10 + 10 + 3) / 25)
    assert figures["exact_first"] == 0


def test_a_source_that_is_switched_off_neither_helps_nor_disturbs() -> None:
    replies_only = tally(Policy(3, min_completion=math.inf)).totals()
    assert replies_only["saved"] == pytest.approx(1 - (1 + 10 + 5) / 25)
    assert replies_only["wrong_shown"] == pytest.approx(100 * 1 / 16)
    completions_only = tally(Policy(3, min_reply=math.inf)).totals()
    assert completions_only["saved"] == pytest.approx(1 - (10 + 10 + 3) / 25)


def test_groups_are_counted_apart_and_unknown_ones_left_out() -> None:
    counted = tally(Policy(3), "turn_kind", "task", "position", "agent")
    kinds = {one.name: one for one in counted.groups("turn_kind", resamples=0)}
    assert kinds["picked"].figures["saved"].value == pytest.approx(0.9)
    assert kinds["free"].figures["saved"].value == pytest.approx(1 - 13 / 15)
    assert (kinds["free"].conversations, kinds["picked"].conversations) == (2, 1)
    assert [one.name for one in counted.groups("task")] == ["a"]
    assert [one.name for one in counted.groups("position")] == ["beginning", "middle", "end"]
    assert counted.groups("agent") == []


@pytest.mark.parametrize(
    ("place", "third"),
    [(0.01, "beginning"), (0.34, "middle"), (0.5, "middle"), (0.66, "middle"), (0.99, "end")],
)
def test_thirds_of_a_conversation(place: float, third: str) -> None:
    assert position(message(place=place)) == third


def test_nothing_to_measure_is_no_division_by_zero() -> None:
    scores = Tally(Policy(3)).scores()
    assert (scores.messages, scores.figures["saved"].value) == (0, 0)


def test_thresholds_by_coverage() -> None:
    top = TopScores()
    for talk in TALKS:
        top.add(talk)
    # Of 25 drafts 2 have replies (best 0.9 and 0.4) and 2 a completion.
    assert top.policy(1, Policy(3)) == Policy(3)
    assert top.policy(1 / 25, Policy(3)) == Policy(3, 0.9, -0.5)
    assert top.policy(2 / 25, Policy(3)) == Policy(3)
    replies_only = Policy(1, min_completion=math.inf)
    assert top.policy(1 / 25, replies_only) == Policy(1, 0.9, math.inf)
    assert TopScores().policy(0.5, Policy(3)) == Policy(3, math.inf, math.inf)


def test_scores_of_a_suggester_at_one_and_at_three() -> None:
    def read() -> Iterator[ReplayedConversation]:
        return iter(TALKS)

    scores = score(read, Policy(3), name="model", groupings=["position"], resamples=10)
    assert [one.replies for one in scores.at] == [1, 3]
    assert set(scores.at[0].groups) == {"turn_kind"}
    assert set(scores.at[1].groups) == {"position"}
    # Coverages that come to the same thresholds are one point; here 1 to 0.1, 0.05 and less.
    assert [point.min_reply for point in scores.curve] == [None, 0.9]
    first, last = scores.curve
    assert first.saved == pytest.approx(1 - 14 / 25)
    assert (last.coverage, last.wrong_shown) == (0.05, 0)
    assert last.saved == pytest.approx(1 - 14 / 25)
