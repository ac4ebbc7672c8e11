"""Counters and histograms as plain data: cheap to add to, easy to merge over processes."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LATENCY_BUCKETS", "Metrics", "merge_snapshots"]

Labels = tuple[tuple[str, str], ...]
Snapshot = dict[str, list[list[Any]]]

LATENCY_BUCKETS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
    2.5, 5.0, 10.0, 30.0,
)  # fmt: skip


class Metrics:
    """Counters, histograms (seconds, `LATENCY_BUCKETS`) and gauges of one process.

    Names follow the Prometheus conventions. Written from the event loop only.
    """

    def __init__(self) -> None:
        self._counters: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], list[float]] = {}
        self._gauges: dict[tuple[str, Labels], Callable[[], float]] = {}

    def count(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Add to a counter."""
        key = (name, labels)
        self._counters[key] = self._counters.get(key, 0) + amount

    def count_each(self, name: str, labels: Iterable[Labels], amount: float = 1) -> None:
        """Add to one counter per set of labels."""
        counters = self._counters
        for each in labels:
            key = (name, each)
            counters[key] = counters.get(key, 0) + amount

    def observe(self, name: str, seconds: float, labels: Labels = ()) -> None:
        """Add one observation to a histogram."""
        row = self._histograms.get((name, labels))
        if row is None:
            # Counts per bucket, then the overflow bucket, then the sum.
            row = self._histograms[(name, labels)] = [0.0] * (len(LATENCY_BUCKETS) + 2)
        row[bisect_left(LATENCY_BUCKETS, seconds)] += 1
        row[-1] += seconds

    def gauge(self, name: str, read: Callable[[], float], labels: Labels = ()) -> None:
        """Register a value that is read when a snapshot is taken."""
        self._gauges[(name, labels)] = read

    def forget_gauge(self, name: str, labels: Labels = ()) -> None:
        """Stop reporting a value whose owner is gone."""
        self._gauges.pop((name, labels), None)

    def gauges(self) -> list[list[Any]]:
        """The gauges of a `snapshot` alone."""
        return [[n, list(map(list, at)), read()] for (n, at), read in list(self._gauges.items())]

    def snapshot(self) -> Snapshot:
        """`counters`, `gauges`: rows `[name, labels, value]`; `histograms`: `[name, labels, row]`.

        A histogram's row has the count of each bucket, then of the overflow, then the sum.
        """
        return {
            "counters": [[n, list(map(list, at)), v] for (n, at), v in self._counters.items()],
            "gauges": self.gauges(),
            "histograms": [
                [n, list(map(list, at)), list(row)] for (n, at), row in self._histograms.items()
            ],
        }


def merge_snapshots(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Add the snapshots of several processes up (gauges too: they are sizes and lengths)."""
    totals: dict[tuple[str, str, Labels], Any] = {}
    for snapshot in snapshots:
        for group, rows in snapshot.items():
            for name, labels, value in rows:
                key = (group, name, tuple((str(k), str(v)) for k, v in labels))
                totals[key] = _add(totals[key], value) if key in totals else value
    merged: Snapshot = {"counters": [], "gauges": [], "histograms": []}
    for (group, name, at), value in totals.items():
        merged[group].append([name, [list(pair) for pair in at], value])
    return merged


def _add(left: Any, right: Any) -> Any:  # noqa: ANN401 - a number or a row of numbers
    if isinstance(left, list):
        return [a + b for a, b in zip(left, right, strict=True)]
    return left + right
