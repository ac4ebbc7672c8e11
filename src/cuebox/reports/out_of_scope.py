"""How well texts that belong to no label are told from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.scores import OutOfScopeScores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from cuebox.reports.predictions import BoolArray, DoubleArray

__all__ = ["OutOfScope", "out_of_scope_scores"]


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """A model's out-of-scope detection.

    Attributes:
        scores: float `[rows]`, higher is further out of scope, any finite range.
        threshold: a row is rejected when its score is over this.
    """

    scores: ArrayLike
    threshold: float


def out_of_scope_scores(
    scores: DoubleArray,
    threshold: float,
    *,
    outside: BoolArray,
    right: BoolArray,
    bins: int = 40,
) -> OutOfScopeScores:
    """Figures of the class "out of scope" and what rejection costs the rest.

    Args:
        scores: float64 `[rows]`, finite; a row is rejected when over `threshold`.
        threshold: in the unit of `scores`.
        outside: bool `[rows]`, whether the row truly is out of scope.
        right: bool `[rows]`, whether the answer would be right without rejection; ignored
            where `outside`.
        bins: of the two histograms, which share their edges.
    """
    rejected = scores > threshold
    found = int((rejected & outside).sum())
    recall = _share(found, int(outside.sum()))
    precision = _share(found, int(rejected.sum()))
    both = int(outside.sum()) + int(rejected.sum())
    inside = int((~outside).sum())
    edges = np.histogram_bin_edges(scores, bins=bins, range=_range(scores))
    auroc, fpr_at_95 = _separation(scores, outside)
    return OutOfScopeScores(
        rows=int(outside.sum()),
        threshold=float(threshold),
        recall=recall,
        precision=precision,
        f1=_share(2 * found, both),
        accuracy_without_rejection=_share(int((right & ~outside).sum()), inside),
        accuracy_with_rejection=_share(int((right & ~rejected & ~outside).sum()), inside),
        false_rejection=_share(int((rejected & ~outside).sum()), inside),
        auroc=auroc,
        fpr_at_95=fpr_at_95,
        histogram_edges=[float(edge) for edge in edges],
        histogram_in_scope=[int(n) for n in np.histogram(scores[~outside], edges)[0]],
        histogram_out_of_scope=[int(n) for n in np.histogram(scores[outside], edges)[0]],
    )


def _separation(scores: DoubleArray, outside: BoolArray) -> tuple[float | None, float | None]:
    """AUROC and FPR@95, which need rows of both kinds."""
    if outside.all() or not outside.any():
        return None, None
    from sklearn.metrics import roc_auc_score

    # The smallest score at which at least 95 % of in-scope rows are accepted.
    accept_to = np.quantile(scores[~outside], 0.95, method="inverted_cdf")
    return float(roc_auc_score(outside, scores)), float((scores[outside] <= accept_to).mean())


def _range(scores: DoubleArray) -> tuple[float, float]:
    """The unit interval for probabilities, else what the scores span."""
    low, high = float(scores.min()), float(scores.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
