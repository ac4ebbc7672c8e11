from __future__ import annotations

import pytest

from cuebox.serving.metrics import LATENCY_BUCKETS, Metrics
from cuebox.serving.percentiles import count_of, mean, percentile


def row(*seconds: float) -> list[float]:
    metrics = Metrics()
    for each in seconds:
        metrics.observe("x", each)
    found: list[float] = metrics.snapshot()["histograms"][0][2]
    return found


def test_within_a_bucket_observations_lie_evenly() -> None:
    # Four between 0.01 and 0.025 s: the second of them ends half-way.
    four = row(0.012, 0.013, 0.014, 0.02)
    assert percentile(four, 0.5) == pytest.approx(0.0175)
    assert percentile(four, 1.0) == pytest.approx(0.025)
    assert percentile(four, 0.0) == pytest.approx(0.01)


def test_over_several_buckets() -> None:
    # Nine up to 0.1 ms and one in (0.5, 1] s.
    ten = row(*[0.00005] * 9, 0.7)
    assert percentile(ten, 0.5) == pytest.approx(0.0001 * 5 / 9)
    assert percentile(ten, 0.9) == pytest.approx(0.0001)
    assert percentile(ten, 0.99) == pytest.approx(0.95)


def test_beyond_the_last_bound_no_more_is_known() -> None:
    assert percentile(row(100.0), 0.5) == LATENCY_BUCKETS[-1] == 30.0


def test_mean_and_count_are_exact() -> None:
    assert mean(row(0.1, 0.3)) == pytest.approx(0.2)
    assert count_of(row(0.1, 0.3, 99.0)) == 3


def test_nothing_observed_is_nothing_known() -> None:
    empty = [0.0] * (len(LATENCY_BUCKETS) + 2)
    assert percentile(empty, 0.5) is None
    assert mean(empty) is None
