"""Sentences must say what the figures say."""

from __future__ import annotations

import pytest

from cuebox.reports.classification import classification_scores
from cuebox.reports.classification_report import LearningCurve, LearningPoint
from cuebox.reports.metric_names import percent, points
from cuebox.reports.plain_words import (
    calibration_words,
    coverage_for,
    headline_words,
    learning_outlook,
)
from cuebox.reports.scores import Calibration, CoveragePoint, ReliabilityBin


def curve(*values: tuple[int, float], width: float | None = None) -> LearningCurve:
    half = None if width is None else width / 2
    return LearningCurve(
        metric="accuracy",
        points=[
            LearningPoint(
                rows=rows,
                value=value,
                low=None if half is None else value - half,
                high=None if half is None else value + half,
            )
            for rows, value in values
        ],
    )


def test_a_curve_that_halves_its_error_gains_half_of_what_is_left() -> None:
    outlook = learning_outlook(curve((400, 0.9), (100, 0.6), (200, 0.8)))
    assert outlook.answer == "Yes."
    assert outlook.gain == pytest.approx(0.05)
    assert "From 200 rows to 400, accuracy went from 80.0% to 90.0%" in outlook.words
    assert "+5.0 points (95.0%)" in outlook.words


@pytest.mark.parametrize("values", [((100, 0.9), (200, 0.9)), ((100, 0.9), (200, 0.88))])
def test_a_flat_or_falling_curve_asks_for_no_more_data(
    values: tuple[tuple[int, float], ...],
) -> None:
    assert learning_outlook(curve(*values)).answer == "Hardly."


def test_a_gain_within_the_interval_is_not_promised() -> None:
    outlook = learning_outlook(curve((100, 0.80), (200, 0.82), width=0.06))
    assert outlook.answer == "A little, perhaps."
    assert "less than the ±3.0" in outlook.words


@pytest.mark.parametrize("values", [(), ((100, 0.8),), ((100, 0.8), (100, 0.9))])
def test_one_size_says_nothing(values: tuple[tuple[int, float], ...]) -> None:
    assert learning_outlook(curve(*values)).gain is None


def test_a_perfect_curve_is_no_error() -> None:
    assert learning_outlook(curve((100, 1.0), (200, 1.0))).answer == "Hardly."


def reliability(confidence: float, accuracy: float, count: int = 100) -> Calibration:
    part = ReliabilityBin(low=0.8, high=1, count=count, confidence=confidence, accuracy=accuracy)
    return Calibration(ece=abs(confidence - accuracy), bins=[part])


@pytest.mark.parametrize(
    ("accuracy", "verdict"),
    [(0.7, "surer than it should be"), (0.99, "more careful"), (0.91, "at its word")],
)
def test_confidence_is_judged_by_which_way_it_errs(accuracy: float, verdict: str) -> None:
    words = calibration_words(reliability(0.9, accuracy), multilabel=False)
    assert words.startswith(f"When it says 90%, it is right {100 * accuracy:.0f}% of the time.")
    assert verdict in words


def test_a_handful_of_rows_is_no_example() -> None:
    assert "When it says" not in calibration_words(reliability(0.9, 0.5, 3), multilabel=False)


def test_coverage_for_is_the_lowest_confidence_that_suffices() -> None:
    found = [CoveragePoint(0, 1, 0.8), CoveragePoint(0.5, 0.7, 0.96), CoveragePoint(0.9, 0, None)]
    assert coverage_for(found, 0.95) == found[1]
    assert coverage_for(found, 0.99) is None


def test_the_headline_counts_out_of_a_hundred() -> None:
    scores = classification_scores(
        [0, 0, 0, 1], [[0.9, 0.1]] * 4, ["a", "b"], resamples=0
    )  # fmt: skip
    assert headline_words(scores, "test") == (
        "Of 100 texts like the 4 rows of the test set, about 75 get the right one of 2 labels. "
        "Always answering the most frequent label would be right for 75."
    )


def test_the_multi_label_headline_speaks_of_labels() -> None:
    scores = classification_scores(
        [[1, 1], [1, 0]], [[0.9, 0.1], [0.9, 0.9]], ["a", "b"], multilabel=True, resamples=0
    )
    words = headline_words(scores, "test")
    assert "67% are true, and it finds 67% of the labels" in words
    assert "0% of texts get exactly" in words


def test_nearly_all_is_never_written_as_all() -> None:
    assert percent(0.99999) == "99.9%"
    assert percent(1.0) == "100.0%"
    assert percent(0.999, 0) == "99%"
    assert points(-0.012) == "\N{MINUS SIGN}1.2 points"
