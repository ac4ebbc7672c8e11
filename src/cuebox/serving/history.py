"""What was counted when: a ring of the last hour, and a coarser one of all the time since start.

Counters only ever grow, so a moment is the difference of two looks at them. Each is kept encoded,
with only what changed: a busy server's takes about a kilobyte.
"""

from __future__ import annotations

from collections import deque
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.serving.metrics import Labels, Snapshot

__all__ = ["History", "Moment", "Recorder", "merge_moments"]

_EVERY_SECONDS = 10.0
_SLOTS = 360
# Routes, models and outcomes; a server of a hundred models has some two thousand.
_MOST_SERIES = 8192
# What is kept; of the gauges the highest value.
_COUNTERS = frozenset({
    "cuebox_cache_hits_total", "cuebox_cache_misses_total", "cuebox_cached_tokens_total",
    "cuebox_completion_tokens_total", "cuebox_completions_total", "cuebox_http_requests_total",
    "cuebox_model_requests_total", "cuebox_prompt_tokens_total", "cuebox_rows_total",
    "cuebox_suggestions_total",
})  # fmt: skip
_HISTOGRAMS = frozenset({
    "cuebox_completion_queue_seconds", "cuebox_first_token_seconds", "cuebox_http_request_seconds",
    "cuebox_phase_seconds",
})  # fmt: skip
_PEAKS = frozenset({
    "cuebox_engine_running_requests", "cuebox_engine_waiting_requests",
    "cuebox_http_requests_in_flight", "cuebox_pending_rows", "cuebox_queue_jobs",
})  # fmt: skip


class Moment(msgspec.Struct, array_like=True):
    """A stretch of time.

    Attributes:
        until: its end, Unix seconds.
        seconds: its length.
        counts: number of a series to what was added to its counter.
        timings: the same of histograms, by place in the row of `Metrics.snapshot`.
        peaks: the highest value of a gauge that was seen.
    """

    until: float
    seconds: float
    counts: dict[int, float] = {}
    timings: dict[int, dict[int, float]] = {}
    peaks: dict[int, float] = {}


class History(msgspec.Struct, kw_only=True):
    """What was kept.

    Attributes:
        started: Unix seconds.
        series: name and labels of each series, by number.
        recent: the last hour's moments, oldest first.
        whole: all moments since the start, oldest first; as many of them, so longer ones.
    """

    started: float
    series: list[tuple[str, list[tuple[str, str]]]]
    recent: list[Moment]
    whole: list[Moment]


class Counted(Protocol):
    """What is looked at: `Metrics`, or those of several processes together."""

    def gauges(self) -> list[list[Any]]:
        """As `Metrics.gauges`."""
        ...

    def snapshot(self) -> Snapshot:
        """As `Metrics.snapshot`."""
        ...


class Recorder:
    """Turns looks at the counters into moments; not thread-safe, `tick` is called once a second.

    Args:
        now: Unix seconds.
        clock: seconds on a clock that never jumps.
    """

    def __init__(
        self, now: float, clock: float, *, every: float = _EVERY_SECONDS, slots: int = _SLOTS
    ) -> None:
        self._started = now
        self._began = clock
        self._every = every
        self._slots = slots
        self._numbers: dict[tuple[str, Labels], int] = {}
        self._totals: dict[int, float] = {}
        self._rows: dict[int, list[float]] = {}
        self._peaks: dict[int, float] = {}
        self._recent: deque[bytes] = deque(maxlen=slots)
        self._whole: list[bytes] = []
        self._pending = Moment(0.0, 0.0)
        self._pended = 0
        self._fold = 1

    def tick(self, metrics: Counted) -> bool:
        """Look at the gauges, and at everything when a moment is over.

        Returns:
            Whether one was.
        """
        clock = monotonic()
        if clock - self._began < self._every:
            self.glance(metrics.gauges())
            return False
        self.close(metrics.snapshot(), time(), clock)
        return True

    def glance(self, gauges: Iterable[Sequence[object]]) -> None:
        """Remember the highest values of gauges, as `Metrics.snapshot` has them."""
        for name, labels, value in gauges:
            if name in _PEAKS and isinstance(value, (int, float)) and value > 0:
                number = self._number(name, labels)
                if number is not None:
                    self._peaks[number] = max(value, self._peaks.get(number, 0))

    def close(self, snapshot: Snapshot, now: float, clock: float) -> None:
        """End a moment with a look at all counters.

        A counter that is lower than before began anew, as when its process was replaced.
        """
        moment = Moment(now, round(clock - self._began, 3))
        self._began = clock
        for group in ("counters", "gauges"):
            for name, labels, value in snapshot.get(group, ()):
                if name in _COUNTERS:
                    self._count(moment, name, labels, value)
        for name, labels, row in snapshot.get("histograms", ()):
            if name in _HISTOGRAMS:
                self._observe(moment, name, labels, row)
        self.glance(snapshot.get("gauges", ()))
        moment.peaks, self._peaks = self._peaks, {}
        self._keep(moment)

    def encode(self) -> bytes:
        """The history as MessagePack of `History`."""
        lists = {
            "recent": [msgspec.Raw(each) for each in self._recent],
            "whole": [
                *(msgspec.Raw(each) for each in self._whole),
                *([self._pending] if self._pended else ()),
            ],
        }
        series = list(self._numbers)
        return msgspec.msgpack.encode({"started": self._started, "series": series, **lists})

    def _number(self, name: object, labels: object) -> int | None:
        """The number of a series; None when there are too many."""
        pairs = tuple((str(key), str(value)) for key, value in labels)  # type: ignore[attr-defined]
        key = (str(name), pairs)
        number = self._numbers.get(key)
        if number is None and len(self._numbers) < _MOST_SERIES:
            number = self._numbers[key] = len(self._numbers)
        return number

    def _count(self, moment: Moment, name: str, labels: object, value: float) -> None:
        number = self._number(name, labels)
        if number is None:
            return
        before = self._totals.get(number, 0)
        self._totals[number] = value
        added = value - before if value >= before else value
        if added:
            moment.counts[number] = _short(added)

    def _observe(self, moment: Moment, name: str, labels: object, row: Sequence[float]) -> None:
        number = self._number(name, labels)
        if number is None:
            return
        before = self._rows.get(number)
        self._rows[number] = list(row)
        if before is None or any(a < b for a, b in zip(row, before, strict=True)):
            before = [0.0] * len(row)
        if before[:-1] != row[:-1]:
            pairs = enumerate(zip(row, before, strict=True))
            moment.timings[number] = {at: _short(a - b) for at, (a, b) in pairs if a != b}

    def _keep(self, moment: Moment) -> None:
        self._recent.append(msgspec.msgpack.encode(moment))
        self._pending = merge_moments((self._pending, moment))
        self._pended += 1
        if self._pended < self._fold:
            return
        self._whole.append(msgspec.msgpack.encode(self._pending))
        self._pending, self._pended = Moment(0.0, 0.0), 0
        if len(self._whole) >= self._slots:
            # Two and two become one: half as many, each twice as long.
            self._fold *= 2
            pairs = [self._whole[at : at + 2] for at in range(0, len(self._whole), 2)]
            self._whole = [msgspec.msgpack.encode(merge_moments(map(_decode, p))) for p in pairs]


_decode = msgspec.msgpack.Decoder(Moment).decode


def merge_moments(moments: Iterable[Moment]) -> Moment:
    """Moments that follow one another as one."""
    merged = Moment(0.0, 0.0)
    for each in moments:
        merged.until = each.until
        merged.seconds += each.seconds
        for number, added in each.counts.items():
            merged.counts[number] = merged.counts.get(number, 0) + added
        for number, row in each.timings.items():
            sums = merged.timings.setdefault(number, {})
            for place, added in row.items():
                sums[place] = sums.get(place, 0) + added
        for number, peak in each.peaks.items():
            merged.peaks[number] = max(peak, merged.peaks.get(number, 0))
    return merged


def _short(number: float) -> float:
    """Whole numbers as such, which take fewer bytes; others to a microsecond."""
    return int(number) if number == int(number) else round(number, 6)
