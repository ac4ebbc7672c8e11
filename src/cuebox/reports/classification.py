"""Score a classifier: everything its report shows, from truth and probabilities."""

from __future__ import annotations

from itertools import compress
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import DataError
from cuebox.reports.calibration import calibration
from cuebox.reports.headline_metrics import headline_metrics
from cuebox.reports.label_counts import LabelPairs
from cuebox.reports.mistakes import top_confusions, worst_mistakes
from cuebox.reports.operating_points import coverage_curve, threshold_curve
from cuebox.reports.out_of_scope import OutOfScope, out_of_scope_scores
from cuebox.reports.predictions import check_rows, check_scores, check_thresholds
from cuebox.reports.scores import ClassificationScores, Estimate, LabelScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from cuebox.reports.predictions import BoolArray, DoubleArray, Predictions
    from cuebox.reports.scores import OutOfScopeScores

__all__ = ["OutOfScope", "classification_scores"]

_LARGEST_MATRIX = 200


def classification_scores(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: Sequence[str],
    *,
    multilabel: bool = False,
    thresholds: ArrayLike | None = None,
    out_of_scope: OutOfScope | None = None,
    texts: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    worst: int = 30,
    calibration_bins: int = 15,
) -> ClassificationScores:
    """Measure predictions against the truth.

    The answer to a single-label row is its most probable label, the first of equals; to a
    multi-label row, every label whose probability is at or over its threshold.

    Args:
        truth: single label: whole numbers `[rows]`, the index of the true label, -1 for a row
            that is out of scope (needs `out_of_scope`). Multi-label: 0 and 1 (or bool)
            `[rows, labels]`; with `out_of_scope`, a row of zeros is out of scope.
        probabilities: float `[rows, labels]` in [0, 1]; single-label rows sum to 1.
        labels: names in the order of the columns.
        multilabel: whether a row may have any number of labels.
        thresholds: multi-label only: one number or `[labels]`; 0.5 unless given.
        out_of_scope: the model's detection of out-of-scope rows, if it has one.
        texts: one for each row, quoted beside confusions and mistakes.
        resamples: of the bootstrap behind the 95 % intervals; 0 for none.
        seed: of the bootstrap.
        worst: how many mistakes to keep.
        calibration_bins: of the reliability diagram.

    Raises:
        DataError: an array does not fit, a value is not finite, or no row is in scope.
    """
    every = check_rows(truth, probabilities, labels, multilabel=multilabel, thresholds=thresholds)
    quoted = _check_texts(texts, len(every.truth))
    outside = _outside(every, multilabel=multilabel, detects=out_of_scope is not None)
    inside = every.take(~outside)
    detection, rejected = _detect(every, outside, out_of_scope)
    limits = check_thresholds(0.5 if thresholds is None else thresholds, len(labels))
    trust, right = _confidence(inside, multilabel=multilabel)
    reliability = calibration(trust, right, bins=calibration_bins)
    names = [str(label) for label in labels]
    inside_texts = list(compress(quoted, ~outside))
    per_label = _per_label(inside, names, limits if multilabel else None)
    metrics = headline_metrics(inside, multilabel=multilabel, resamples=resamples, seed=seed)
    metrics["ece"] = Estimate(reliability.ece)
    areas = [row.average_precision for row in per_label if row.average_precision is not None]
    if multilabel and areas:
        metrics["mean_average_precision"] = Estimate(fmean(areas))
    return ClassificationScores(
        multilabel=multilabel,
        labels=names,
        rows=len(every.truth),
        in_scope_rows=len(inside.truth),
        metrics=metrics,
        per_label=per_label,
        calibration=reliability,
        confusions=top_confusions(inside, names, inside_texts),
        confusion_matrix=None if multilabel else _matrix(inside),
        coverage=[] if multilabel else coverage_curve(trust, right),
        threshold_curve=(threshold_curve(inside.probabilities, inside.truth) if multilabel else []),
        out_of_scope=detection,
        mistakes=worst_mistakes(every, names, quoted, rejected=rejected, limit=worst),
    )


def _check_texts(texts: Sequence[str] | None, rows: int) -> Sequence[str]:
    if texts is not None and len(texts) != rows:
        raise DataError(f"there are {len(texts)} texts for {rows} rows", param="texts")
    return () if texts is None else texts


def _outside(every: Predictions, *, multilabel: bool, detects: bool) -> BoolArray:
    """Which rows are out of scope, bool `[rows]`."""
    without = ~every.truth.any(axis=1)
    if multilabel and not detects:
        return np.zeros_like(without)
    if without.any() and not detects:
        raise DataError(
            f"{int(without.sum())} rows have no true label (-1) but the model has no "
            "out-of-scope detection: pass out_of_scope or leave these rows out",
            param="truth",
        )
    if without.all():
        raise DataError("no row is in scope: there is nothing to measure", param="truth")
    return np.asarray(without)


def _detect(
    every: Predictions, outside: BoolArray, detector: OutOfScope | None
) -> tuple[OutOfScopeScores | None, BoolArray]:
    """The out-of-scope figures, and which rows are rejected."""
    if detector is None:
        return None, np.zeros_like(outside)
    scores = check_scores(detector.scores, len(outside), param="out_of_scope.scores")
    right = (every.truth == every.given).all(axis=1)
    figures = out_of_scope_scores(scores, detector.threshold, outside=outside, right=right)
    return figures, scores > detector.threshold


def _confidence(predictions: Predictions, *, multilabel: bool) -> tuple[DoubleArray, BoolArray]:
    """Confidences and whether they were right, both flat; see `Calibration`."""
    if multilabel:
        return predictions.probabilities.ravel(), predictions.truth.ravel()
    right = (predictions.truth & predictions.given).any(axis=1)
    return predictions.probabilities.max(axis=1), np.asarray(right)


def _per_label(
    predictions: Predictions, labels: Sequence[str], thresholds: DoubleArray | None
) -> list[LabelScores]:
    counts = LabelPairs(predictions).count(np.ones(len(predictions.truth)))
    precision, recall, f1 = counts.precision(), counts.recall(), counts.f1()
    table = []
    for index, label in enumerate(labels):
        support, given = int(counts.support[index]), int(counts.given[index])
        area = _average_precision(predictions, index) if support else None
        table.append(
            LabelScores(
                label=label,
                support=support,
                predicted=given,
                precision=float(precision[index]) if support or given else None,
                recall=float(recall[index]) if support else None,
                f1=float(f1[index]) if support or given else None,
                average_precision=area,
                threshold=None if thresholds is None else float(thresholds[index]),
            )
        )
    return table


def _average_precision(predictions: Predictions, label: int) -> float:
    from sklearn.metrics import average_precision_score

    truth, probabilities = predictions.truth[:, label], predictions.probabilities[:, label]
    return float(average_precision_score(truth, probabilities))


def _matrix(predictions: Predictions) -> list[list[int]] | None:
    size = predictions.truth.shape[1]
    if size > _LARGEST_MATRIX:
        return None
    flat = predictions.truth.argmax(axis=1) * size + predictions.given.argmax(axis=1)
    matrix: list[list[int]] = np.bincount(flat, minlength=size * size).reshape(size, size).tolist()
    return matrix
