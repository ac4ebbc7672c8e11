"""From counters, now and over time, to what the monitor draws.

Imported when it is first asked for: a server starts without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.api.monitor import (
    Curves,
    Live,
    ModelFigures,
    Monitor,
    Phase,
    Suggested,
    Timeline,
)
from cuebox.api.tally import PHASES, ModelTally, Tally
from cuebox.serving.history import merge_moments
from cuebox.serving.metrics import LATENCY_BUCKETS
from cuebox.serving.percentiles import count_of, mean, percentile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cuebox.api.monitor import Window
    from cuebox.serving.history import History, Moment
    from cuebox.serving.metrics import Snapshot

__all__ = ["monitor"]

_HOUR = 3600.0
_MOST_COLUMNS = 120
_WIDTHS = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_SHARES = (0.5, 0.9, 0.99)


def monitor(
    window: Window,
    history: History,
    snapshot: Snapshot,
    *,
    now: float,
    routes: Collection[str],
    kinds: dict[str, str],
) -> Monitor:
    """Put a window together.

    Args:
        snapshot: all counters as they are now.
        now: Unix seconds.
        routes: paths of the routes whose requests count.
        kinds: every served model, and its kind.
    """
    age = max(0.0, now - history.started)
    moments = history.recent if window == "hour" else history.whole
    # A server that is younger than an hour has the whole of it in its counters, to this moment.
    exact = window == "start" or age <= _HOUR
    series = [(name, dict(labels)) for name, labels in history.series]
    total = Tally(routes)
    if exact:
        _take(total, snapshot)
    else:
        _add(total, series, merge_moments(moments))
    columns = _columns(moments)
    tallies = [_add(Tally(routes), series, column) for column in columns]
    return Monitor(
        window=window,
        started=history.started,
        now=now,
        seconds=age if exact else sum(each.seconds for each in moments),
        live=_live(snapshot),
        requests=round(total.requests),
        refused=round(total.refused),
        errors=round(total.errors),
        hit_ratio=_ratio(total.hits, total.misses),
        token_hit_ratio=_token_ratio(total.models.values()),
        phases=[_phase(name, total.phases.get(name, ())) for name in PHASES],
        models=_models(total, columns, tallies, kinds),
        suggestions=[
            Suggested(*key, round(count)) for key, count in sorted(total.suggestions.items())
        ],
        timeline=_timeline(history, columns, tallies),
    )


def _take(tally: Tally, snapshot: Snapshot) -> None:
    for group in ("counters", "gauges"):
        tally.count((name, dict(labels), value) for name, labels, value in snapshot.get(group, ()))
    tally.observe((name, dict(labels), row) for name, labels, row in snapshot.get("histograms", ()))


def _add(tally: Tally, series: Sequence[tuple[str, dict[str, str]]], moment: Moment) -> Tally:
    tally.count((*series[at], added) for at, added in moment.counts.items())
    tally.observe((*series[at], _row(row)) for at, row in moment.timings.items())
    return tally


def _row(places: Mapping[int, float]) -> list[float]:
    row = [0.0] * (len(LATENCY_BUCKETS) + 2)
    for place, added in places.items():
        row[place] = added
    return row


def _columns(moments: Sequence[Moment]) -> list[Moment]:
    """Few enough to be drawn, with borders that stay where they are from look to look."""
    seconds = sum(each.seconds for each in moments)
    width = next((each for each in _WIDTHS if each * _MOST_COLUMNS >= seconds), None)
    width = width or seconds / _MOST_COLUMNS
    groups: dict[int, list[Moment]] = {}
    for each in moments:
        groups.setdefault(int(each.until // width), []).append(each)
    return [merge_moments(group) for group in groups.values()]


def _live(snapshot: Snapshot) -> Live:
    sums: dict[str, float] = {}
    for name, _, value in snapshot.get("gauges", ()):
        sums[name] = sums.get(name, 0) + value
    return Live(
        in_flight=max(0, round(sums.get("cuebox_http_requests_in_flight", 0)) - 1),
        rows=round(sums.get("cuebox_pending_rows", 0)),
        queued=round(
            sums.get("cuebox_queue_jobs", 0) + sums.get("cuebox_engine_waiting_requests", 0)
        ),
        generating=round(sums.get("cuebox_engine_running_requests", 0)),
    )


def _models(
    total: Tally, columns: Sequence[Moment], tallies: Sequence[Tally], kinds: dict[str, str]
) -> list[ModelFigures]:
    """Those that did most first, then the rest by name."""
    found = {name: total.models.get(name, ModelTally()) for name in {*kinds, *total.models}}
    order = sorted(found, key=lambda name: (-found[name].requests, name))
    nothing = ModelTally()
    return [
        _figures(
            name,
            kinds.get(name, ""),
            found[name],
            [
                _rate(tally.models.get(name, nothing).requests, column.seconds)
                for tally, column in zip(tallies, columns, strict=True)
            ],
        )
        for name in order
    ]


def _figures(name: str, kind: str, tally: ModelTally, rates: list[float]) -> ModelFigures:
    return ModelFigures(
        model=name,
        kind=kind,
        requests=round(tally.requests),
        rows=round(tally.rows),
        refused=round(tally.refused),
        errors=round(tally.errors),
        completions=round(tally.completions),
        prompt_tokens=round(tally.prompt_tokens),
        cached_tokens=round(tally.cached_tokens),
        completion_tokens=round(tally.completion_tokens),
        first_token=_phase("first_token", tally.first_token) if tally.first_token else None,
        requests_per_second=rates,
    )


def _timeline(history: History, columns: Sequence[Moment], tallies: Sequence[Tally]) -> Timeline:
    both = list(zip(columns, tallies, strict=True))
    return Timeline(
        until=[round(column.until, 1) for column in columns],
        seconds=[round(column.seconds, 1) for column in columns],
        requests=[_rate(tally.requests, column.seconds) for column, tally in both],
        refused=[_rate(tally.refused, column.seconds) for column, tally in both],
        errors=[_rate(tally.errors, column.seconds) for column, tally in both],
        in_flight=[_peak(history, column, "cuebox_http_requests_in_flight") for column in columns],
        queued=[
            _peak(history, column, "cuebox_queue_jobs", "cuebox_engine_waiting_requests")
            for column in columns
        ],
        hit_ratio=[_ratio(tally.hits, tally.misses) for tally in tallies],
        phases={
            name: Curves(
                p50=[_ms(tally.phases.get(name, ()), 0.5) for tally in tallies],
                p90=[_ms(tally.phases.get(name, ()), 0.9) for tally in tallies],
                p99=[_ms(tally.phases.get(name, ()), 0.99) for tally in tallies],
            )
            for name in PHASES
        },
    )


def _phase(name: str, row: Sequence[float]) -> Phase:
    average = mean(row) if row else None
    p50, p90, p99 = (_ms(row, share) for share in _SHARES)
    return Phase(
        phase=name,
        count=round(count_of(row)) if row else 0,
        mean=None if average is None else round(average * 1e3, 3),
        p50=p50,
        p90=p90,
        p99=p99,
    )


def _ms(row: Sequence[float], share: float) -> float | None:
    seconds = percentile(row, share) if row else None
    return None if seconds is None else round(seconds * 1e3, 3)


def _peak(history: History, moment: Moment, *names: str) -> int:
    return round(sum(n for at, n in moment.peaks.items() if history.series[at][0] in names))


def _rate(count: float, seconds: float) -> float:
    return round(count / seconds, 3) if seconds > 0 else 0.0


def _ratio(hits: float, misses: float) -> float | None:
    return round(hits / (hits + misses), 4) if hits + misses > 0 else None


def _token_ratio(models: Iterable[ModelTally]) -> float | None:
    prompt = cached = 0.0
    for each in models:
        prompt += each.prompt_tokens
        cached += each.cached_tokens
    return _ratio(cached, prompt - cached)
