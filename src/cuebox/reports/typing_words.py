"""Sentences and names that say what figures of typed text saved mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.reports.metric_names import percent
from cuebox.reports.typing_scores import wrong_at_saved

if TYPE_CHECKING:
    from cuebox.reports.scores import Estimate
    from cuebox.reports.typing_report import TypingReport
    from cuebox.reports.typing_scores import TypingScores

__all__ = ["GROUPINGS", "GROUPS", "comparison_words", "headline_words", "interval_words"]

# How messages are told apart, as a heading and in a sentence.
GROUPINGS = {
    "position": ("Where in the conversation", "by the third of the conversation they stand in"),
    "turn_kind": ("Kind of message", "by how they came about when they were really sent"),
    "task": ("Task", "by what the conversation was about"),
    "agent": ("Agent", "by who typed them"),
}
GROUPS = {"picked": "picked from canned replies", "free": "typed freely"}


def headline_words(report: TypingReport) -> str:
    """What the headline figures mean for a hundred characters and a message."""
    scores = report.model.at[-1].overall
    saved = scores.figures["saved"].value
    acceptance = scores.figures["acceptance"].value
    in_vain = scores.figures["wrong_per_message"].value
    return (
        f"Of 100 characters that agents sent, {100 * saved:.0f} need not have been typed "
        f"({_replies(report.model.at[-1].replies)} and one inline completion to choose from). "
        f"When something was shown, it was taken {percent(acceptance, 0)} of the time; "
        f"{_times(in_vain)} a message, nothing that was shown was of use."
    )


def comparison_words(report: TypingReport) -> str | None:
    """The model against the best baseline, where both save as much; None without a baseline."""
    if not report.baselines:
        return None
    best = max(report.baselines, key=lambda one: one.at[-1].overall.figures["saved"].value)
    saved = best.at[-1].overall.figures["saved"].value
    wrong = best.at[-1].overall.figures["wrong_shown"].value
    ours = wrong_at_saved(report.model.curve, saved)
    words = (
        f"The best that does without the model, “{best.name}”, saves {percent(saved)} and shows "
        f"something in vain {wrong:.0f} times per 100 keys."
    )
    if ours is not None:
        words += f" Set to save as much, the model does so {ours:.0f} times."
    return words


def interval_words(estimate: Estimate, scores: TypingScores, *, share: bool) -> str | None:
    """`80.1% to 82.3%`; None where there is no interval worth showing."""
    low, high = estimate.low, estimate.high
    if low is None or high is None or low == high or scores.conversations < 2:
        return None
    if share:
        return f"{percent(low)} to {percent(high)}"
    return f"{low:.1f} to {high:.1f}"


def _replies(count: int) -> str:
    return "one reply" if count == 1 else f"up to {count} replies"


def _times(count: float) -> str:
    return f"about {count:.0f} times" if count >= 1.5 else f"{count:.1f} times"
