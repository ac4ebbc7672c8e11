"""What a recorder keeps of counters that grow, begin anew, and stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.serving.history import History, Moment, Recorder, merge_moments
from cuebox.serving.metrics import LATENCY_BUCKETS, Metrics

if TYPE_CHECKING:
    from cuebox.serving.metrics import Snapshot


def read(recorder: Recorder) -> History:
    return msgspec.msgpack.decode(recorder.encode(), type=History)


def counts(history: History, moment: Moment) -> dict[str, float]:
    return {history.series[number][0]: added for number, added in moment.counts.items()}


def counter(value: float) -> Snapshot:
    return {"counters": [["cuebox_rows_total", [["model", "a"]], value]]}


def test_a_moment_is_what_was_added() -> None:
    recorder = Recorder(1000.0, 0.0)
    for clock, value in ((10, 5), (20, 5), (30, 12)):
        recorder.close(counter(value), 1000.0 + clock, clock)
    history = read(recorder)
    assert history.started == 1000.0
    assert history.series == [("cuebox_rows_total", [("model", "a")])]
    assert [counts(history, each) for each in history.recent] == [
        {"cuebox_rows_total": 5}, {}, {"cuebox_rows_total": 7},
    ]  # fmt: skip
    assert [(each.until, each.seconds) for each in history.recent] == [
        (1010.0, 10.0), (1020.0, 10.0), (1030.0, 10.0),
    ]  # fmt: skip


def test_a_counter_that_began_anew_counts_from_zero() -> None:
    recorder = Recorder(0.0, 0.0)
    for clock, value in ((10, 100), (20, 3), (30, 4)):
        recorder.close(counter(value), clock, clock)
    history = read(recorder)
    assert [counts(history, each)["cuebox_rows_total"] for each in history.recent] == [100, 3, 1]


def test_a_histogram_that_began_anew_counts_from_zero() -> None:
    before, after = Metrics(), Metrics()
    for _ in range(3):
        before.observe("cuebox_phase_seconds", 0.02)
    for _ in range(4):
        after.observe("cuebox_phase_seconds", 0.2)
    recorder = Recorder(0.0, 0.0)
    recorder.close(before.snapshot(), 10, 10)
    recorder.close(after.snapshot(), 20, 20)
    first, second = read(recorder).recent
    places = LATENCY_BUCKETS.index(0.025), LATENCY_BUCKETS.index(0.25), len(LATENCY_BUCKETS) + 1
    assert first.timings == {0: {places[0]: 3, places[2]: 0.06}}
    assert second.timings == {0: {places[1]: 4, places[2]: 0.8}}


def test_a_counter_shown_as_a_gauge_is_one_and_other_gauges_are_not() -> None:
    metrics = Metrics()
    metrics.gauge("cuebox_cache_hits_total", lambda: 9.0)
    metrics.gauge("cuebox_cache_bytes", lambda: 1e6)
    recorder = Recorder(0.0, 0.0)
    recorder.close(metrics.snapshot(), 10, 10)
    history = read(recorder)
    assert counts(history, history.recent[0]) == {"cuebox_cache_hits_total": 9}
    assert history.recent[0].peaks == {}


def test_the_highest_of_a_gauge_between_two_moments_is_kept() -> None:
    level = [0.0]
    metrics = Metrics()
    metrics.gauge("cuebox_pending_rows", lambda: level[0])
    recorder = Recorder(0.0, 0.0)
    for level[0] in (1.0, 7.0, 2.0):
        recorder.glance(metrics.gauges())
    level[0] = 0.0
    recorder.close(metrics.snapshot(), 10, 10)
    recorder.close(metrics.snapshot(), 20, 20)
    assert [list(each.peaks.values()) for each in read(recorder).recent] == [[7.0], []]


def test_it_looks_by_itself_when_a_moment_is_over() -> None:
    metrics = Metrics()
    metrics.count("cuebox_rows_total")
    recorder = Recorder(0.0, float("inf"))
    assert recorder.tick(metrics) is False
    assert read(recorder).recent == []
    recorder = Recorder(0.0, float("-1e9"))
    assert recorder.tick(metrics) is True
    assert len(read(recorder).recent) == 1


def test_the_ring_is_bounded_and_the_whole_grows_coarser() -> None:
    recorder = Recorder(0.0, 0.0, every=1.0, slots=8)
    for clock in range(1, 101):
        recorder.close(counter(clock), clock, clock)
        history = read(recorder)
        assert len(history.recent) == min(clock, 8)
        assert len(history.whole) <= 8
        assert sum(each.counts.get(0, 0) for each in history.whole) == clock
        assert sum(each.seconds for each in history.whole) == clock
    assert [each.until for each in history.recent] == [93, 94, 95, 96, 97, 98, 99, 100]
    ends = [each.until for each in history.whole]
    assert ends == sorted(ends)
    assert ends[-1] == 100


def test_a_quiet_hour_takes_little() -> None:
    recorder = Recorder(0.0, 0.0)
    metrics = Metrics()
    for number in range(500):
        metrics.count("cuebox_rows_total", (("model", f"model-{number}"),))
    for clock in range(10, 7300, 10):
        recorder.close(metrics.snapshot(), clock, clock)
    assert len(recorder.encode()) < 60_000


def test_what_nobody_asks_for_is_not_kept() -> None:
    metrics = Metrics()
    metrics.count("cuebox_feedback_total")
    metrics.observe("cuebox_token_seconds", 0.01)
    recorder = Recorder(0.0, 0.0)
    recorder.close(metrics.snapshot(), 10, 10)
    assert read(recorder).series == []


def test_series_without_end_are_not_kept() -> None:
    recorder = Recorder(0.0, 0.0)
    rows = [["cuebox_rows_total", [["model", str(number)]], 1] for number in range(20_000)]
    recorder.close({"counters": rows}, 10, 10)
    assert len(read(recorder).series) == 8192


def test_moments_that_follow_one_another_add_up() -> None:
    merged = merge_moments(
        [
            Moment(10, 10, {0: 1, 1: 2}, {5: {0: 1, 2: 0.5}}, {7: 3}),
            Moment(20, 10, {0: 4}, {5: {1: 2, 2: 0.25}}, {7: 1, 8: 2}),
        ]
    )
    assert merged == Moment(20, 20, {0: 5, 1: 2}, {5: {0: 1, 1: 2, 2: 0.75}}, {7: 3, 8: 2})
