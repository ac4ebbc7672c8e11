"""Comparing heads on rows they were not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.classifier.head import sigmoid

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task

__all__ = ["best_threshold", "label_thresholds", "metric_name", "score_logits"]

_STEPS = np.arange(1, 50) / 50
# With fewer held-out rows than this a label's own best threshold is noise.
_FEWEST_POSITIVES = 8


def metric_name(metric: str, task: Task) -> str:
    """What `auto` stands for."""
    if metric != "auto":
        return metric
    return "accuracy" if task == "single" else "micro_f1"


def score_logits(logits: FloatArray, targets: FloatArray, *, task: Task, metric: str) -> float:
    """A metric of predictions on held-out rows; rows without a label count for multi only.

    Multi-label predictions take the one threshold that is best for all labels together;
    `accuracy` is then the share of rows with exactly the right labels.
    """
    if task == "single":
        inside = targets.any(axis=1)
        truth = targets[inside] > 0
        given = np.zeros_like(truth)
        given[np.arange(len(truth)), logits[inside].argmax(axis=1)] = True
    else:
        probabilities = sigmoid(logits)
        truth = targets > 0
        given = probabilities >= best_threshold(probabilities, targets)
    if not len(truth):
        return 0.0
    if metric == "accuracy":
        return float((truth == given).all(axis=1).mean())
    return _f1(truth, given, metric)


def best_threshold(probabilities: FloatArray, targets: FloatArray) -> float:
    """The one threshold for all labels with the highest micro F1; 0.5 without a positive."""
    truth = targets > 0
    if not truth.any():
        return 0.5
    scores = [_f1(truth, probabilities >= step, "micro_f1") for step in _STEPS]
    return float(_STEPS[int(np.argmax(scores))])


def label_thresholds(probabilities: FloatArray, targets: FloatArray) -> list[float]:
    """For each label the threshold with the highest F1, for rare labels the common one.

    A label's own threshold is averaged with the common one by how many positives it has, so
    that a handful of rows does not move it far.
    """
    common = best_threshold(probabilities, targets)
    truth = targets > 0
    thresholds = []
    for label in range(targets.shape[1]):
        positives = int(truth[:, label].sum())
        own = common
        if positives >= _FEWEST_POSITIVES:
            own = _best_of_label(probabilities[:, label], truth[:, label])
        share = positives / (positives + _FEWEST_POSITIVES)
        thresholds.append(round(share * own + (1 - share) * common, 4))
    return thresholds


def _best_of_label(
    scores: FloatArray, truth: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> float:
    given = scores[:, None] >= _STEPS
    right = (given & truth[:, None]).sum(axis=0)
    f1 = 2 * right / np.maximum(given.sum(axis=0) + truth.sum(), 1)
    # The middle of the best range: its edges are accidents of this sample.
    return float(np.median(_STEPS[f1 >= f1.max() - 1e-9]))


def _f1(
    truth: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    given: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    average: str,
) -> float:
    right = (truth & given).sum(axis=0)
    both = truth.sum(axis=0) + given.sum(axis=0)
    if average == "micro_f1":
        return float(2 * right.sum() / max(int(both.sum()), 1))
    seen = both > 0
    f1 = 2 * right[seen] / both[seen]
    if average == "macro_f1":
        return float(f1.mean()) if seen.any() else 0.0
    support = truth.sum(axis=0)[seen]
    return float((f1 * support).sum() / max(int(support.sum()), 1))
