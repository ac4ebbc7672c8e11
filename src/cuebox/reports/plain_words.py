"""Sentences that say what a classifier's figures mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.metric_names import count, metric_name, percent, points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.classification_report import LearningCurve, LearningPoint
    from cuebox.reports.scores import (
        Calibration,
        ClassificationScores,
        CoveragePoint,
        LabelScores,
        OutOfScopeScores,
    )

__all__ = [
    "LearningOutlook",
    "calibration_words",
    "coverage_for",
    "headline_words",
    "label_words",
    "learning_outlook",
    "out_of_scope_words",
]


def headline_words(scores: ClassificationScores, split: str) -> str:
    """What the headline figures mean for a hundred texts."""
    rows = count(scores.in_scope_rows, "row")
    if scores.multilabel:
        precision, recall = _micro(scores.per_label)
        exact = scores.metrics["subset_accuracy"].value
        return (
            f"Of the labels it gives to the {rows} of the {split} set, {percent(precision, 0)} are "
            f"true, and it finds {percent(recall, 0)} of the labels that are true. "
            f"{percent(exact, 0)} of texts get exactly their set of labels."
        )
    accuracy = scores.metrics["accuracy"]
    most = max((row.support for row in scores.per_label), default=0) / scores.in_scope_rows
    words = (
        f"Of 100 texts like the {rows} of the {split} set, about {_hundred(accuracy.value)} get "
        f"the right one of {count(len(scores.labels), 'label')}"
    )
    if accuracy.low is not None and accuracy.high is not None and accuracy.low < accuracy.high:
        words += f" (95% interval {100 * accuracy.low:.1f} to {100 * accuracy.high:.1f})"
    if top := scores.metrics.get("top_3_accuracy"):
        words += f"; for {_hundred(top.value)} it is among the first three"
    return f"{words}. Always answering the most frequent label would be right for {_hundred(most)}."


@dataclass(frozen=True, slots=True)
class LearningOutlook:
    """What twice the training rows would likely bring.

    Attributes:
        gain: in the metric; None when the curve is too short to say.
    """

    answer: str
    words: str
    gain: float | None = None


def learning_outlook(curve: LearningCurve) -> LearningOutlook:
    """Extend the learning curve by one doubling of the rows.

    The error (1 minus the metric) of the last three points is fitted by a power of the number of
    rows, which is how learning curves fall in practice (Hestness et al. 2017).
    """
    tail = sorted(curve.points, key=lambda point: point.rows)[-3:]
    name = metric_name(curve.metric).title.lower().replace("f1", "F1")
    if len({point.rows for point in tail}) < 2:
        return LearningOutlook("Not known.", "The curve needs at least two sizes.")
    before, last = tail[-2:]
    was, now = percent(before.value), percent(last.value)
    change = f"stayed at {now}" if was == now else f"went from {was} to {now}"
    seen = f"From {count(before.rows, 'row')} to {last.rows:,}, {name} {change}."
    gain = _gain_of_doubling(tail)
    noise = (last.high - last.low) / 2 if last.low is not None and last.high is not None else 0.0
    about = f"{points(gain)} ({percent(min(last.value + gain, 1))})"
    if gain < 0.002:
        words = f"{seen} It has levelled off: more rows of the same kind would bring little."
        return LearningOutlook("Hardly.", words, gain)
    expected = f"{seen} Twice the rows would likely bring about {about}"
    if gain < noise:
        words = f"{expected}, less than the ±{100 * noise:.1f} this is measured to."
        return LearningOutlook("A little, perhaps.", words, gain)
    answer = "Yes." if gain >= 0.01 else "A little."
    return LearningOutlook(answer, f"{expected}.", gain)


def _gain_of_doubling(tail: Sequence[LearningPoint]) -> float:
    errors = np.maximum([1 - point.value for point in tail], 1e-6)
    rows = np.log([point.rows for point in tail])
    slope, _ = np.polyfit(rows, np.log(errors), 1)
    return float(errors[-1] * (1 - 2.0 ** min(slope, 0.0)))


def calibration_words(calibration: Calibration, *, multilabel: bool) -> str:
    """What a confidence near 90 % is worth, and which way the model errs."""
    # Most labels of a multi-label row are far from true and say nothing about those in doubt.
    bins = [part for part in calibration.bins if not multilabel or part.confidence >= 0.1]
    total = sum(part.count for part in bins)
    if not total:
        return "It is never sure enough of a label to say."
    solid = [part for part in bins if part.count >= max(10, total // 500)]
    error = sum(abs(part.confidence - part.accuracy) * part.count for part in bins) / total
    lean = sum((part.confidence - part.accuracy) * part.count for part in bins)
    example = min(solid, key=lambda part: abs(part.confidence - 0.9), default=None)
    words = ""
    if example is not None:
        subject = "a label is true" if multilabel else "it is right"
        words = (
            f"When it says {percent(example.confidence, 0)}, {subject} "
            f"{percent(example.accuracy, 0)} of the time. "
        )
    if error <= 0.03:
        return words + "Its confidence can be taken at its word."
    if lean < 0:
        return words + "On the whole it is more careful than it needs to be."
    return words + "On the whole it is surer than it should be."


def coverage_for(points: Sequence[CoveragePoint], accuracy: float) -> CoveragePoint | None:
    """The lowest confidence from which answers are at least so often right; None if none is."""
    for point in points:
        if point.accuracy is not None and point.accuracy >= accuracy:
            return point
    return None


def label_words(table: Sequence[LabelScores]) -> str:
    """How F1 spreads over the labels."""
    seen = [row for row in table if row.support]
    good = sum(1 for row in seen if (row.f1 or 0) >= 0.9)
    weak = sum(1 for row in seen if (row.f1 or 0) < 0.7)
    absent = len(table) - len(seen)
    words = f"{good} of {count(len(seen), 'label')} reach an F1 of 90%; {weak} {'stays' if weak == 1 else 'stay'} under 70%."
    if absent:
        words += f" {count(absent, 'label')} had no rows to be measured on."
    return words


def out_of_scope_words(scores: OutOfScopeScores) -> str:
    """What is caught, and what that costs."""
    cost = f"{percent(scores.false_rejection)} of texts that do belong are turned away."
    if scores.recall is None:
        return f"This split has no out-of-scope rows, so only the cost is known: {cost}"
    return (
        f"Of {count(scores.rows, 'text')} that {'belongs' if scores.rows == 1 else 'belong'} to no "
        f"label, {percent(scores.recall, 0)} are noticed. In exchange, {cost}"
    )


def _micro(table: Sequence[LabelScores]) -> tuple[float, float]:
    """Precision and recall over all labels together."""
    right = sum((row.recall or 0) * row.support for row in table)
    given = sum(row.predicted for row in table)
    support = sum(row.support for row in table)
    return right / given if given else 0.0, right / support if support else 0.0


def _hundred(share: float) -> str:
    """A share as a count out of a hundred; small ones with a decimal."""
    hundred = 100 * share
    if 99.5 <= hundred < 100 or hundred < 2:
        return f"{hundred:.1f}".removesuffix(".0")
    return f"{hundred:.0f}"
