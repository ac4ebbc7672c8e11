"""Percentiles of what a histogram counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.serving.metrics import LATENCY_BUCKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["count_of", "mean", "percentile"]


def count_of(row: Sequence[float]) -> float:
    """How many observations a histogram's row holds."""
    return sum(row[:-1])


def mean(row: Sequence[float]) -> float | None:
    """Seconds, exact; None when there was no observation."""
    count = count_of(row)
    return row[-1] / count if count > 0 else None


def percentile(row: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the observations lie, in seconds.

    Within a bucket the observations are taken to lie evenly, as Prometheus's
    `histogram_quantile` does; of those over the last bound no more is known than that bound.

    Args:
        row: as `Metrics.snapshot` has it: the count of each bucket, then of the overflow, the sum.
        share: in [0, 1].

    Returns:
        None when there was no observation.
    """
    count = count_of(row)
    if count <= 0:
        return None
    rank = share * count
    passed = 0.0
    lower = 0.0
    for upper, inside in zip(LATENCY_BUCKETS, row, strict=False):
        if inside > 0 and passed + inside >= rank:
            return lower + (upper - lower) * max(0.0, rank - passed) / inside
        passed += inside
        lower = upper
    return LATENCY_BUCKETS[-1]
