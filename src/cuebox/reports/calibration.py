"""Expected calibration error and the bins of a reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.scores import Calibration, ReliabilityBin

if TYPE_CHECKING:
    from cuebox.reports.predictions import BoolArray, DoubleArray

__all__ = ["calibration"]


def calibration(confidence: DoubleArray, right: BoolArray, *, bins: int) -> Calibration:
    """Compare confidence with the share that was right, in `bins` bins of equal width.

    Both arrays have the same shape, at least one entry, and confidence lies in [0, 1]. The
    error is the mean of |confidence - accuracy| over bins, weighted by their counts (Guo et
    al. 2017, "On Calibration of Modern Neural Networks").
    """
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    said = np.bincount(place, weights=confidence, minlength=bins)
    was = np.bincount(place, weights=right, minlength=bins)
    return Calibration(
        ece=float(np.abs(said - was).sum() / len(confidence)),
        bins=[
            ReliabilityBin(
                low=float(edges[index]),
                high=float(edges[index + 1]),
                count=int(count[index]),
                confidence=float(said[index] / count[index]),
                accuracy=float(was[index] / count[index]),
            )
            for index in np.flatnonzero(count)
        ],
    )
