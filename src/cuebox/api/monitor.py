"""What the server did in a window of time, ready to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.api.tally import PHASES, ModelTally, Tally
from cuebox.serving.history import History, Moment, merge_moments
from cuebox.serving.percentiles import count_of, mean, percentile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cuebox.serving.metrics import Snapshot

__all__ = ["Live", "Monitor", "Window", "monitor"]

Window = Literal["hour", "start"]

_HOUR = 3600.0
_MOST_COLUMNS = 120
_WIDTHS = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_SHARES = (0.5, 0.9, 0.99)


class Live(msgspec.Struct, kw_only=True):
    """This moment.

    Attributes:
        in_flight: requests being answered, this one apart.
        rows: texts being answered.
        queued: jobs that wait for an encoder, and requests that wait for a language model.
        generating: requests that a language model works on.
    """

    in_flight: int
    rows: int
    queued: int
    generating: int


class Phase(msgspec.Struct, kw_only=True):
    """How long a part of the work took, in milliseconds; empty where it never happened."""

    phase: str
    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None


class ModelFigures(msgspec.Struct, kw_only=True):
    """What one model did.

    Attributes:
        rows: texts classified or embedded, or conversations answered.
        refused: requests with a mistake in them, or for which there was no room.
        errors: requests that failed here.
        cached_tokens: of the prompt tokens, those that were remembered.
        first_token: milliseconds until the first token; null for a model that has none.
        requests_per_second: for each column of the timeline.
    """

    model: str
    kind: str
    requests: int
    rows: int
    refused: int
    errors: int
    completions: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    first_token: Phase | None
    requests_per_second: list[float]


class Curves(msgspec.Struct, kw_only=True):
    """A phase over time, in milliseconds; null where it never happened."""

    p50: list[float | None]
    p90: list[float | None]
    p99: list[float | None]


class Timeline(msgspec.Struct, kw_only=True):
    """Columns of time, oldest first; every list has one entry for each.

    Attributes:
        until: end of the column, Unix seconds.
        seconds: its length.
        requests, refused, errors: a second.
        in_flight, queued: the most there were at once, looked at once a second.
        hit_ratio: share of texts whose embedding was remembered; null where none was looked up.
        phases: by name.
    """

    until: list[float]
    seconds: list[float]
    requests: list[float]
    refused: list[float]
    errors: list[float]
    in_flight: list[int]
    queued: list[int]
    hit_ratio: list[float | None]
    phases: dict[str, Curves]


class Suggested(msgspec.Struct, frozen=True):
    """What came of asking a source of suggestions: `shown`, `none`, `late` or `failed`."""

    source: str
    outcome: str
    count: int


class Monitor(msgspec.Struct, kw_only=True):
    """What the server did, all its processes together.

    Attributes:
        started, now: Unix seconds.
        seconds: how long the window is.
        requests: those that a model answers; not those of probes, pages and this one.
        refused: answered with 4xx, those over a rate or a queue included.
        errors: answered with 5xx.
        hit_ratio: share of texts whose embedding was remembered.
        token_hit_ratio: share of prompt tokens that a language model remembered.
    """

    window: Window
    started: float
    now: float
    seconds: float
    live: Live
    requests: int
    refused: int
    errors: int
    hit_ratio: float | None
    token_hit_ratio: float | None
    phases: list[Phase]
    models: list[ModelFigures]
    suggestions: list[Suggested]
    timeline: Timeline


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
    total = Tally(routes)
    if exact:
        _take(total, snapshot)
    else:
        _add(total, history, merge_moments(moments))
    columns = _columns(moments)
    tallies = [_add(Tally(routes), history, column) for column in columns]
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


def _add(tally: Tally, history: History, moment: Moment) -> Tally:
    series = history.series
    tally.count((series[at][0], dict(series[at][1]), n) for at, n in moment.counts.items())
    tally.observe((series[at][0], dict(series[at][1]), row) for at, row in moment.timings.items())
    return tally


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
