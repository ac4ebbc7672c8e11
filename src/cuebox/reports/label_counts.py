"""Precision, recall and F1 of each label, and their averages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cuebox.reports.predictions import DoubleArray, Predictions

__all__ = ["LabelCounts", "LabelPairs"]


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How often each label was true, given, and both; float64 `[labels]` each."""

    right: DoubleArray
    given: DoubleArray
    support: DoubleArray

    def precision(self) -> DoubleArray:
        """Of the rows given the label, the share that carry it; 0 when never given."""
        return _ratio(self.right, self.given)

    def recall(self) -> DoubleArray:
        """Of the rows that carry the label, the share given it; 0 without support."""
        return _ratio(self.right, self.support)

    def f1(self) -> DoubleArray:
        """Harmonic mean of both; 0 when nothing was right."""
        return _ratio(2 * self.right, self.given + self.support)

    def averages(self) -> dict[str, float]:
        """`weighted_f1` by support, `macro_f1` over labels seen in truth or answer, `micro_f1`.

        The same as scikit-learn's `f1_score(..., zero_division=0)`.
        """
        f1 = self.f1()
        seen = (self.support + self.given) > 0
        support = float(self.support.sum())
        total = support + float(self.given.sum())
        return {
            "weighted_f1": float(f1 @ self.support) / support if support else 0.0,
            "macro_f1": float(f1[seen].mean()) if seen.any() else 0.0,
            "micro_f1": 2 * float(self.right.sum()) / total if total else 0.0,
        }


class LabelPairs:
    """The (row, label) pairs of a set of predictions, so that a resample is counted fast."""

    def __init__(self, predictions: Predictions) -> None:
        truth, given = predictions.truth, predictions.given
        self._labels = truth.shape[1]
        self._right = np.nonzero(truth & given)
        self._given = np.nonzero(given)
        self._support = np.nonzero(truth)

    def count(self, weights: DoubleArray) -> LabelCounts:
        """Counts where row `i` stands `weights[i]` times; `weights` is float64 `[rows]`."""

        def weigh(pairs: tuple[NDArray[np.intp], ...]) -> DoubleArray:
            rows, labels = pairs
            counts = np.bincount(labels, weights=weights[rows], minlength=self._labels)
            return counts.astype(np.float64, copy=False)

        return LabelCounts(weigh(self._right), weigh(self._given), weigh(self._support))


def _ratio(part: DoubleArray, whole: DoubleArray) -> DoubleArray:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
