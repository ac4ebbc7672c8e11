"""What happened: exact latencies, statuses and when answers came."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.loadtest.connection import BROKEN_STREAM

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LoadReport", "Percentiles", "Recorder"]


_NAMES = {0: "connection", BROKEN_STREAM: "stream"}


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds."""

    mean: float
    p50: float
    p90: float
    p99: float
    p999: float
    max: float


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one load test.

    Attributes:
        offered: requests that were due in the measured time.
        completed: requests answered with a 2xx status.
        failed: status to count of all others; `connection` broke or never came about, `stream`
            broke off before its `[DONE]`, `timeout` took too long, `unsent` were due but found no
            free connection before the end.
        requests_per_second: completed over the time from the first due to the last answer.
        latency_ms: of completed requests. In an open loop it counts from the moment a request
            was due, so a stalled server is charged for the requests that had to wait for it (no
            coordinated omission); in a closed loop it counts from when it was sent.
        service_ms: of completed requests, always from when they were sent.
        first_byte_ms: of completed requests, from when they were sent to the first byte of the
            body; of a streamed completion that is its first text.
        generator_lag_ms: how late the generator itself was (open loop); milliseconds here mean
            that it is the bottleneck.
    """

    loop: str
    clients: int
    rate: float | None
    seconds: float
    offered: int
    completed: int
    failed: dict[str, int]
    requests_per_second: float
    bytes_per_second: float
    latency_ms: Percentiles | None
    service_ms: Percentiles | None
    first_byte_ms: Percentiles | None
    generator_lag_ms: Percentiles | None


class Recorder:
    """Collects exact times, no buckets; a million requests take 32 MB."""

    def __init__(self) -> None:
        self.measuring = False
        self.offered = 0
        self.failed: Counter[str] = Counter()
        self._latency = array("d")
        self._service = array("d")
        self._first = array("d")
        self._finished = array("d")
        self._lag = array("d")
        self._bytes = 0

    def answered(
        self, status: int, *, sent: float, due: float, first: float, now: float, size: int
    ) -> None:
        """One answer, times in seconds on one clock; status 0 is a broken connection.

        Args:
            sent, due: when the request was, and when it should have been.
            first, now: when the first byte of the answer's body came, and the last.
        """
        if 200 <= status < 300:
            self._latency.append(now - due)
            self._service.append(now - sent)
            self._first.append(first - sent)
            self._finished.append(now)
            self._bytes += size
        else:
            self.failed[_NAMES.get(status) or str(status)] += 1

    def lagged(self, seconds: float) -> None:
        """How late a request was made due."""
        if self.measuring:
            self._lag.append(seconds)

    def latencies(self) -> NDArray[np.float64]:
        """Latencies of completed requests in seconds, in order of completion."""
        return np.array(self._latency, dtype=np.float64)

    def finished(self) -> NDArray[np.float64]:
        """When they completed, in seconds on the recorder's clock."""
        return np.array(self._finished, dtype=np.float64)

    def report(self, *, loop: str, clients: int, rate: float | None, seconds: float) -> LoadReport:
        """Sum up a run that took `seconds`."""
        completed = len(self._latency)
        return LoadReport(
            loop=loop,
            clients=clients,
            rate=rate,
            seconds=round(seconds, 3),
            offered=self.offered,
            completed=completed,
            failed=dict(self.failed),
            requests_per_second=round(completed / seconds, 1) if seconds else 0.0,
            bytes_per_second=round(self._bytes / seconds, 1) if seconds else 0.0,
            latency_ms=_percentiles(self._latency),
            service_ms=_percentiles(self._service),
            first_byte_ms=_percentiles(self._first),
            generator_lag_ms=_percentiles(self._lag),
        )


def _percentiles(seconds: array[float]) -> Percentiles | None:
    if not len(seconds):
        return None
    ms = np.array(seconds, dtype=np.float64) * 1000
    p50, p90, p99, p999 = (float(value) for value in np.percentile(ms, [50, 90, 99, 99.9]))
    return Percentiles(
        *(round(v, 3) for v in (float(ms.mean()), p50, p90, p99, p999, float(ms.max())))
    )
