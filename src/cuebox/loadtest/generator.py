"""Offers the load: a closed loop of clients, or an open loop at a rate."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from typing import TYPE_CHECKING

from cuebox.core.errors import Unavailable
from cuebox.loadtest.connection import Connection
from cuebox.loadtest.recorder import LoadReport, Recorder
from cuebox.loadtest.target import Target
from cuebox.loadtest.texts import TextSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.loadtest.settings import LoadSettings

__all__ = ["LoadGenerator"]

_SWEEP_SECONDS = 0.25


class LoadGenerator:
    """One run of one `LoadSettings`.

    Args:
        progress: called about four times a second with the seconds since the start.
    """

    def __init__(
        self, settings: LoadSettings, progress: Callable[[float], None] | None = None
    ) -> None:
        self.settings = settings
        self.recorder = Recorder()
        self._progress = progress
        self._target = Target.of(settings.url, settings.body, settings.headers)
        self._texts = TextSource(
            seed=settings.seed,
            repeat=settings.repeat,
            hot_texts=settings.hot_texts,
            min_words=settings.min_words,
            max_words=settings.max_words,
        )
        self._all: set[Connection] = set()
        self._free: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._timed_out: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._sending = True
        self._measured_from = 0.0

    async def run(self) -> LoadReport:
        """Warm up, measure, and wait for the last answers.

        Raises:
            Unavailable: nothing listens at the URL.
        """
        await self._connect()
        sweeper = asyncio.create_task(self._sweep())
        started = time.perf_counter()
        pacer = asyncio.create_task(self._pace()) if self.settings.loop == "open" else None
        if pacer is None:
            for connection in list(self._free):
                self._next(connection)
        await asyncio.sleep(self.settings.warmup)
        self._start_measuring()
        await asyncio.sleep(self.settings.duration)
        self._sending = False
        if pacer is not None:
            await pacer
        await self._finish()
        self.recorder.measuring = False
        seconds = self._measured_seconds()
        sweeper.cancel()
        for connection in list(self._all):
            connection.abort()
        self._report_progress(time.perf_counter() - started)
        return self.recorder.report(
            loop=self.settings.loop,
            clients=self.settings.clients,
            rate=self.settings.rate if self.settings.loop == "open" else None,
            seconds=seconds,
        )

    def run_here(self) -> LoadReport:
        """`run` on an event loop of its own, the fastest there is."""
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self.run())

    def _start_measuring(self) -> None:
        """Count from now on, also what is in flight: a stall may have begun in the warm-up."""
        self.recorder.measuring = True
        self._measured_from = time.perf_counter()
        for connection in self._all:
            if connection.in_flight:
                connection.counted = True
                self.recorder.offered += 1

    def _measured_seconds(self) -> float:
        finished = self.recorder.finished()
        last = float(finished[-1]) if len(finished) else time.perf_counter()
        return max(self.settings.duration, last - self._measured_from)

    async def _connect(self) -> None:
        wanted = self.settings.clients if self.settings.loop == "closed" else 1
        try:
            for _ in range(wanted):
                self._free.append(await self._open())
        except OSError as error:
            raise Unavailable(
                f"cannot connect to {self._target.host}:{self._target.port}: {error}"
            ) from error

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(self._answered),
            self._target.host,
            self._target.port,
            ssl=self._target.tls,
        )
        self._all.add(connection)
        return connection

    def _next(self, connection: Connection) -> None:
        """Send the next request of a closed-loop client."""
        now = time.perf_counter()
        self._send(connection, now, now)

    def _send(self, connection: Connection, now: float, due: float) -> None:
        counted = self.recorder.measuring
        self.recorder.offered += counted
        connection.send(self._target.request(self._texts()), now=now, due=due, counted=counted)

    def _answered(self, connection: Connection, status: int, size: int) -> None:
        now = time.perf_counter()
        if connection in self._timed_out:
            self._timed_out.discard(connection)
        elif connection.counted:
            self.recorder.answered(
                status,
                sent=connection.sent_at,
                due=connection.due_at,
                first=connection.first_at,
                now=now,
                size=size,
            )
        if not connection.open:
            self._all.discard(connection)
            if self._sending or self._due:
                self._reopen()
        else:
            self._serve_next(connection)

    def _serve_next(self, connection: Connection) -> None:
        if self._due:
            self._send(connection, time.perf_counter(), self._due.popleft())
        elif self.settings.loop == "closed" and self._sending:
            self._next(connection)
        else:
            self._free.append(connection)

    def _reopen(self) -> None:
        task = asyncio.create_task(self._open_and_serve())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_and_serve(self) -> None:
        while self._sending or self._due:
            try:
                connection = await self._open()
            except OSError:
                if self.recorder.measuring:
                    self.recorder.failed["connection"] += 1
                await asyncio.sleep(0.05)
            else:
                self._serve_next(connection)
                return

    async def _pace(self) -> None:
        """Make requests due at the rate, whatever the server does."""
        clock = random.Random(self.settings.seed)  # noqa: S311 - arrivals, not secrets
        planned = time.perf_counter()
        while self._sending:
            now = time.perf_counter()
            if planned > now:
                await asyncio.sleep(planned - now)
                continue
            self.recorder.lagged(now - planned)
            self._dispatch(now)
            planned += (
                clock.expovariate(self.settings.rate)
                if self.settings.arrivals == "poisson"
                else 1 / self.settings.rate
            )

    def _dispatch(self, due: float) -> None:
        while self._free:
            connection = self._free.popleft()
            if connection.open:
                self._send(connection, time.perf_counter(), due)
                return
            self._all.discard(connection)
        self._due.append(due)
        if len(self._all) + len(self._opening) < self.settings.clients:
            self._reopen()

    async def _finish(self) -> None:
        """Wait for what is in flight or due, at most the timeout."""
        give_up = time.perf_counter() + self.settings.timeout
        while self._due or any(connection.in_flight for connection in self._all):
            if time.perf_counter() > give_up:
                break
            await asyncio.sleep(0.002)
        if self._due:
            self.recorder.failed["unsent"] += len(self._due)
            self.recorder.offered += len(self._due)
            self._due.clear()

    async def _sweep(self) -> None:
        """Fail what takes too long, and report progress."""
        started = time.perf_counter()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.perf_counter()
            for connection in list(self._all):
                if connection.in_flight and now - connection.sent_at > self.settings.timeout:
                    self._timed_out.add(connection)
                    if connection.counted:
                        self.recorder.failed["timeout"] += 1
                    connection.abort()
            self._report_progress(now - started)

    def _report_progress(self, seconds: float) -> None:
        if self._progress is not None:
            self._progress(seconds)
