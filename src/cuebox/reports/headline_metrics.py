"""The headline figures of a classifier, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.bootstrap import bootstrap
from cuebox.reports.label_counts import LabelPairs

if TYPE_CHECKING:
    from cuebox.reports.predictions import DoubleArray, Predictions
    from cuebox.reports.scores import Estimate

__all__ = ["headline_metrics"]


def headline_metrics(
    predictions: Predictions, *, multilabel: bool, resamples: int, seed: int
) -> dict[str, Estimate]:
    """Figures over rows and over labels by name, as `ClassificationScores.metrics` lists them."""
    rows = len(predictions.truth)
    per_row = _multilabel_rows(predictions) if multilabel else _single_label_rows(predictions)
    values = np.stack(list(per_row.values()))
    pairs = LabelPairs(predictions)

    def statistics(weights: DoubleArray) -> dict[str, float]:
        means = dict(zip(per_row, (values @ weights / rows).tolist(), strict=True))
        return means | pairs.count(weights).averages()

    return bootstrap(statistics, rows, resamples=resamples, seed=seed)


def _single_label_rows(predictions: Predictions) -> dict[str, DoubleArray]:
    """What is averaged over rows, float64 `[rows]` each."""
    true = predictions.truth.argmax(axis=1)
    probabilities = predictions.probabilities
    chance = np.take_along_axis(probabilities, true[:, None], axis=1)
    before = np.arange(probabilities.shape[1]) < true[:, None]
    rank = ((probabilities > chance) | ((probabilities == chance) & before)).sum(axis=1)
    means = {"accuracy": rank == 0}
    means |= {f"top_{k}_accuracy": rank < k for k in (3, 5) if k < probabilities.shape[1]}
    loss = -np.log(np.clip(chance[:, 0], predictions.smallest, 1))
    return {name: hits.astype(np.float64) for name, hits in means.items()} | {"log_loss": loss}


def _multilabel_rows(predictions: Predictions) -> dict[str, DoubleArray]:
    """What is averaged over rows, float64 `[rows]` each."""
    truth, given = predictions.truth, predictions.given
    smallest = predictions.smallest
    chance = np.where(truth, predictions.probabilities, 1 - predictions.probabilities)
    return {
        "subset_accuracy": (truth == given).all(axis=1).astype(np.float64),
        "hamming_loss": (truth != given).mean(axis=1),
        "label_cardinality": truth.sum(axis=1).astype(np.float64),
        "predicted_cardinality": given.sum(axis=1).astype(np.float64),
        "log_loss": -np.log(np.clip(chance, smallest, 1)).mean(axis=1),
    }
