"""Metrics of several processes add up."""

from __future__ import annotations

from cuebox.serving.metrics import LATENCY_BUCKETS, Metrics, merge_snapshots


def test_snapshots_add_up() -> None:
    first, second = Metrics(), Metrics()
    first.count("rows", (("model", "a"),), 2)
    second.count("rows", (("model", "a"),), 3)
    second.count("rows", (("model", "b"),))
    first.gauge("queue", lambda: 4.0)
    second.gauge("queue", lambda: 1.0)
    first.observe("seconds", 0.0009)
    second.observe("seconds", 99.0)
    merged = merge_snapshots([first.snapshot(), second.snapshot()])
    assert merged["counters"] == [
        ["rows", [["model", "a"]], 5],
        ["rows", [["model", "b"]], 1],
    ]
    assert merged["gauges"] == [["queue", [], 5.0]]
    (_, _, row) = merged["histograms"][0]
    assert row[LATENCY_BUCKETS.index(0.001)] == 1
    assert row[-2] == 1
    assert row[-1] == 99.0009
