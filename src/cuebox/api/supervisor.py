"""Several server processes on one socket: start, watch, replace, stop.

The parent opens the socket and never serves; workers inherit it and accept from the same queue,
so a worker that dies or drains loses no connection that waits, as it would with a queue of its
own by SO_REUSEPORT. With no more workers than cores the shared queue also spreads few clients
better (2 workers on 2 cores, busiest over mean: 1.00 and 1.09 at 4 and 16 connections, against
1.40 and 1.19); with twice as many it is the other way round (1.45 against 1.02 at 64).

Each worker is a fresh interpreter: nothing is forked, so no thread or lock of the parent can be
in the way.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.run_dir import RunDir
from cuebox.api.settings import ServerSettings
from cuebox.app.early_engine import will_complete
from cuebox.app.engine_keeper import EngineLauncher, stop_engine
from cuebox.app.kept_process import KeptProcess
from cuebox.app.orders import send_order
from cuebox.app.settings import Settings
from cuebox.app.supervised_engine import SupervisedEngine
from cuebox.serving.history import Recorder
from cuebox.serving.metrics import merge_snapshots

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

    from cuebox.serving.metrics import Snapshot

__all__ = ["Supervisor", "WorkerOrder"]

_POLL_SECONDS = 0.1


class WorkerOrder(msgspec.Struct, kw_only=True):
    """What a worker is told."""

    settings: Settings
    server: ServerSettings
    descriptor: int
    run_folder: str


class _Merged:
    """The counters of all workers, as they wrote them last."""

    def __init__(self, run_dir: RunDir) -> None:
        self._run_dir = run_dir

    def gauges(self) -> list[list[Any]]:
        """As `Metrics.gauges`."""
        rows = ({"gauges": state.metrics["gauges"]} for state in self._run_dir.states())
        return merge_snapshots(rows)["gauges"]

    def snapshot(self) -> Snapshot:
        """As `Metrics.snapshot`."""
        return merge_snapshots(state.metrics for state in self._run_dir.states())


class Supervisor:
    """Keeps `workers` processes alive until SIGTERM or SIGINT, and the engine they ask for."""

    def __init__(self, settings: Settings, server: ServerSettings, listener: socket.socket) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cuebox-"))
        self._run_dir = RunDir(self._folder, 0)
        self._listener = listener
        self._server = server
        self._order = WorkerOrder(
            settings=settings,
            server=server,
            descriptor=listener.fileno(),
            run_folder=str(self._folder),
        )
        self._workers = [
            KeptProcess("worker", self._start, self._run_dir.bury) for _ in range(server.workers)
        ]
        self._launcher = EngineLauncher(settings, self._folder)
        self._engine = KeptProcess("engine process", self._launcher.start)
        self._stopping: int | None = None
        self._recorder = Recorder(time.time(), time.monotonic())
        self._record_at = 0.0
        self._run_dir.write_history(self._recorder.encode())

    def run(self, announce: Callable[[], None]) -> int:
        """Run until stopped; returns the exit status.

        Args:
            announce: called once, when every worker is ready.
        """
        before = {n: signal.signal(n, self._stop) for n in (signal.SIGTERM, signal.SIGINT)}
        announced = False
        if will_complete(self._order.settings):
            SupervisedEngine(self._folder).start()
        try:
            while self._stopping is None:
                for worker in self._workers:
                    worker.look_after()
                if SupervisedEngine.wanted(self._folder):
                    self._engine.look_after()
                if not announced and self._ready() == len(self._workers):
                    announced = True
                    announce()
                self._record()
                time.sleep(_POLL_SECONDS)
            return self._drain(self._stopping)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for kept in (*self._workers, self._engine):
                if kept.process is not None and kept.process.poll() is None:
                    kept.process.kill()
                    kept.process.wait()
            self._launcher.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = number

    def _start(self, _restarted: bool) -> subprocess.Popen[bytes]:  # noqa: FBT001 - KeptProcess's
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cuebox.api.worker"],
            stdin=subprocess.PIPE,
            pass_fds=[self._listener.fileno()],
            # A Ctrl-C at the terminal reaches the parent only, which then tells the workers.
            start_new_session=True,
        )
        send_order(process, self._order)
        return process

    def _record(self) -> None:
        """Once a second: what all workers counted, for the past that a page shows."""
        now = time.monotonic()
        if now < self._record_at:
            return
        self._record_at = now + 1
        # A full disk costs the past some minutes, not the server its life.
        with suppress(OSError):
            if self._recorder.tick(_Merged(self._run_dir)):
                self._run_dir.write_history(self._recorder.encode())

    def _ready(self) -> int:
        return sum(bool(state.readiness.get("ready")) for state in self._run_dir.states())

    def _drain(self, number: int) -> int:
        """Pass the signal on and wait; status 0 when every worker stopped cleanly."""
        self._listener.close()
        alive = [worker for worker in self._workers if worker.process is not None]
        for worker in alive:
            if worker.process is not None:
                worker.process.send_signal(number)
        patience = self._server.drain_delay + 2 * self._server.shutdown_timeout + 5
        until = time.monotonic() + patience
        clean = [worker.wait(until - time.monotonic()) for worker in alive]
        # Last, for the answers of the workers come from it.
        stop_engine(self._engine)
        return 0 if all(clean) else 1
