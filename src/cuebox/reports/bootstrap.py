"""Percentile bootstrap over rows (Efron 1979)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.scores import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.reports.predictions import DoubleArray

__all__ = ["bootstrap"]


def bootstrap(
    statistics: Callable[[DoubleArray], dict[str, float]],
    rows: int,
    *,
    resamples: int,
    seed: int,
) -> dict[str, Estimate]:
    """Each statistic with its 95 % interval.

    `statistics` takes the weight of each row, float64 `[rows]`, and is called once with ones
    and then once for each resample. Without resamples, or with fewer than two rows, there are
    no intervals.
    """
    measured = statistics(np.ones(rows))
    if resamples < 1 or rows < 2:
        return {name: Estimate(value) for name, value in measured.items()}
    random = np.random.default_rng(seed)
    drawn = np.empty((resamples, len(measured)))
    for resample in drawn:
        picks = random.integers(0, rows, size=rows)
        weights = np.bincount(picks, minlength=rows).astype(np.float64)
        resample[:] = list(statistics(weights).values())
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {
        name: Estimate(value, float(low[column]), float(high[column]))
        for column, (name, value) in enumerate(measured.items())
    }
