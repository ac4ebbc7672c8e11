"""Makes scores mean what they say: temperature, how drafts are weighed, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from cuebox.kinds.reply.body import CoveragePoint
from cuebox.kinds.reply.ranking.drafts import FAR
from cuebox.kinds.reply.ranking.likelihood import DraftModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.kinds.reply.ranking.standing import Compared

__all__ = ["DraftMoment", "coverage_points", "fit_drafts"]

_COVERAGES = tuple(share / 20 for share in range(1, 21))
_FIELDS = tuple(field.name for field in msgspec.structs.fields(DraftModel))
# Bounds of the fields, so that no peculiarity of the data turns a weight round.
_BOUNDS = ((-2.0, 8.0), (-9.0, -4.0), (-3.0, -0.3), (-6.0, 0.0), (0.0, 30.0), (0.0, 0.9))


class DraftMoment(NamedTuple):
    """A draft of a held-out message.

    Attributes:
        compared: the draft held against the answers.
        truth: which of these was sent; -1 for none of them.
    """

    compared: Compared
    truth: int


def fit_drafts(moments: Sequence[DraftMoment]) -> DraftModel:
    """The model under which the held-out outcomes are likeliest; the default without any."""
    from scipy.optimize import minimize

    if not moments:
        return DraftModel()
    batch = _Batch(moments)
    start = [getattr(DraftModel(), name) for name in _FIELDS]
    found = minimize(
        lambda values: batch.loss(_model(values)),
        start,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"maxiter": 60},
    )
    return _model(found.x)


def coverage_points(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> list[CoveragePoint]:
    """What thresholds mean.

    Args:
        scores: of the likeliest reply at each held-out moment, drafts of all lengths.
        right: whether that reply was sent.
    """
    if not len(scores):
        return []
    order = np.sort(scores)[::-1]
    points = []
    for coverage in _COVERAGES:
        least = float(order[max(round(coverage * len(order)) - 1, 0)])
        shown = scores >= least
        points.append(
            CoveragePoint(
                coverage=coverage,
                min_score=round(least, 6),
                precision=round(float(right[shown].mean()), 4),
            )
        )
    return points


class _Batch:
    """All moments as rectangles: as many candidates as the longest has, the others impossible."""

    def __init__(self, moments: Sequence[DraftMoment]) -> None:
        drafts = [moment.compared for moment in moments]
        rows, widest = len(drafts), max(len(one.places) for one in drafts)
        self._log = np.full((rows, widest), -np.inf)
        self._distances = np.full((rows, widest), FAR, np.int32)
        self._similarity = np.zeros((rows, widest), np.float32)
        for row, one in enumerate(drafts):
            count = len(one.places)
            self._log[row, :count] = one.log
            self._distances[row, :count] = one.distances
            self._similarity[row, :count] = one.similarity
        self._other = np.array([one.log_other for one in drafts])
        self._lengths = np.array([one.length for one in drafts])
        self._words = np.array([one.words for one in drafts])
        self._truth = np.array([moment.truth for moment in moments])

    def loss(self, model: DraftModel) -> float:
        """Mean negative log-probability of what was sent."""
        joint = self._log + model.answers(
            self._distances,
            self._similarity,
            length=self._lengths[:, None],
            words=self._words[:, None],
        )
        other = self._other + model.other(self._lengths)
        top = np.maximum(joint.max(axis=1), other)
        total = top + np.log(np.exp(joint - top[:, None]).sum(axis=1) + np.exp(other - top))
        rows = np.arange(len(joint))
        sent = np.where(self._truth >= 0, joint[rows, np.maximum(self._truth, 0)], other)
        return float((total - sent).mean())


def _model(values: Sequence[float]) -> DraftModel:
    return DraftModel(**dict(zip(_FIELDS, map(float, values), strict=True)))
