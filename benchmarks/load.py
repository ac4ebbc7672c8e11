"""Load on a server, by `cuebox.loadtest`; and replayed requests in a given order."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from cuebox.loadtest.connection import Connection
from cuebox.loadtest.generator import LoadGenerator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cuebox.loadtest.recorder import LoadReport, Percentiles
    from cuebox.loadtest.settings import LoadSettings

__all__ = ["Replay", "latency", "offer", "replay"]


def offer(settings: LoadSettings) -> LoadReport:
    """Run one load test in this process."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(LoadGenerator(settings).run())


def latency(report: LoadReport) -> Percentiles:
    """Of the answers; a benchmark in which nothing was answered has no result."""
    if report.latency_ms is None:
        raise SystemExit(f"no request was answered: {report.failed}")
    return report.latency_ms


class Replay:
    """What came of replayed scripts.

    Attributes:
        seconds: from the first request to the last answer.
        milliseconds: float64, one per script: from its first request to its last answer.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.failed = 0
        self._milliseconds: list[float] = []

    def add(self, seconds: float) -> None:
        """One script done."""
        self._milliseconds.append(seconds * 1000)

    @property
    def scripts(self) -> int:
        """How many were done."""
        return len(self._milliseconds)

    @property
    def per_second(self) -> float:
        """Scripts done in a second."""
        return self.scripts / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds."""
        return float(np.percentile(np.array(self._milliseconds), percent))


def replay(port: int, path: str, scripts: Iterator[Sequence[bytes]], clients: int) -> Replay:
    """Clients that share an iterator of scripts; each sends the bodies of its script in turn."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_replay(port, path, scripts, clients))


async def _replay(port: int, path: str, scripts: Iterator[Sequence[bytes]], clients: int) -> Replay:
    result = Replay()
    started = time.perf_counter()
    await asyncio.gather(*(_client(port, path, scripts, result) for _ in range(clients)))
    result.seconds = time.perf_counter() - started
    return result


async def _client(port: int, path: str, scripts: Iterator[Sequence[bytes]], result: Replay) -> None:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[int] = loop.create_future()

    def done(_connection: Connection, status: int, _size: int) -> None:
        answered.set_result(status)

    _, connection = await loop.create_connection(lambda: Connection(done), "127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    for script in scripts:
        started = time.perf_counter()
        for body in script:
            answered = loop.create_future()
            request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            connection.send(request, now=started, due=started, counted=True)
            if not 200 <= await answered < 300:
                result.failed += 1
        result.add(time.perf_counter() - started)
    connection.abort()
