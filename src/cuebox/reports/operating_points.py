"""What a threshold buys: coverage against accuracy, precision against recall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.scores import CoveragePoint, ThresholdPoint

if TYPE_CHECKING:
    from cuebox.reports.predictions import BoolArray, DoubleArray

__all__ = ["coverage_curve", "threshold_curve"]

_COVERAGE_STEPS = np.arange(0, 100) / 100
_THRESHOLD_STEPS = np.arange(1, 50) / 50


def coverage_curve(confidence: DoubleArray, right: BoolArray) -> list[CoveragePoint]:
    """Share of rows answered, and of answers that are right, at thresholds 0.00 to 0.99.

    Both arrays are `[rows]`, at least one; a row is answered when its confidence is at or
    over the threshold.
    """
    order = np.argsort(confidence, kind="stable")
    rows = len(order)
    right_from = np.append(np.cumsum(right[order][::-1])[::-1], 0)
    first = np.searchsorted(confidence[order], _COVERAGE_STEPS, side="left")
    return [
        CoveragePoint(
            float(threshold),
            float((rows - start) / rows),
            float(right_from[start] / (rows - start)) if start < rows else None,
        )
        for threshold, start in zip(_COVERAGE_STEPS, first, strict=True)
    ]


def threshold_curve(probabilities: DoubleArray, truth: BoolArray) -> list[ThresholdPoint]:
    """Micro precision, recall and F1 of one threshold for all labels, at 0.02 to 0.98.

    Both arrays are `[rows, labels]`.
    """
    true_scores = np.sort(probabilities[truth])
    all_scores = np.sort(probabilities, axis=None)
    points = []
    for threshold in _THRESHOLD_STEPS:
        right = len(true_scores) - int(np.searchsorted(true_scores, threshold, side="left"))
        given = len(all_scores) - int(np.searchsorted(all_scores, threshold, side="left"))
        total = given + len(true_scores)
        points.append(
            ThresholdPoint(
                float(threshold),
                right / given if given else 0.0,
                right / len(true_scores) if len(true_scores) else 0.0,
                2 * right / total if total else 0.0,
            )
        )
    return points
