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

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cuebox.api.run_dir import RunDir
from cuebox.api.settings import ServerSettings
from cuebox.app.settings import Settings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

__all__ = ["Supervisor", "WorkerOrder"]

_POLL_SECONDS = 0.1
_FIRST_BACK_OFF = 0.5
_LONGEST_BACK_OFF = 30.0
_STABLE_SECONDS = 30.0


class WorkerOrder(msgspec.Struct, kw_only=True):
    """What a worker reads from its standard input."""

    settings: Settings
    server: ServerSettings
    descriptor: int
    run_folder: str


class _Slot:
    """The place of one worker, whoever fills it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0
        self.start_at = 0.0


class Supervisor:
    """Keeps `workers` processes alive until SIGTERM or SIGINT."""

    def __init__(self, settings: Settings, server: ServerSettings, listener: socket.socket) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cuebox-"))
        self._run_dir = RunDir(self._folder, 0)
        self._listener = listener
        self._server = server
        self._order = msgspec.json.encode(
            WorkerOrder(
                settings=settings,
                server=server,
                descriptor=listener.fileno(),
                run_folder=str(self._folder),
            )
        )
        self._slots = [_Slot() for _ in range(server.workers)]
        self._stopping: int | None = None

    def run(self, announce: Callable[[], None]) -> int:
        """Run until stopped; returns the exit status.

        Args:
            announce: called once, when every worker is ready.
        """
        before = {n: signal.signal(n, self._stop) for n in (signal.SIGTERM, signal.SIGINT)}
        announced = False
        try:
            while self._stopping is None:
                for slot in self._slots:
                    self._look_after(slot)
                if not announced and self._ready() == len(self._slots):
                    announced = True
                    announce()
                time.sleep(_POLL_SECONDS)
            return self._drain(self._stopping)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for slot in self._slots:
                if slot.process is not None and slot.process.poll() is None:
                    slot.process.kill()
                    slot.process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = number

    def _look_after(self, slot: _Slot) -> None:
        """Start a worker in an empty slot, unless the last one died a moment ago."""
        now = time.monotonic()
        if slot.process is not None and slot.process.poll() is not None:
            status = slot.process.returncode
            self._run_dir.bury(slot.process.pid)
            slot.failures = 0 if now - slot.started > _STABLE_SECONDS else slot.failures + 1
            wait = min(_LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2 ** max(0, slot.failures - 1))
            _say("worker died", pid=slot.process.pid, status=status, restart_in_seconds=wait)
            slot.process = None
            slot.start_at = now + wait
        if slot.process is None and now >= slot.start_at:
            slot.process = self._start()
            slot.started = now

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cuebox.api.worker"],
            stdin=subprocess.PIPE,
            pass_fds=[self._listener.fileno()],
            # A Ctrl-C at the terminal reaches the parent only, which then tells the workers.
            start_new_session=True,
        )
        if process.stdin is not None:
            with process.stdin as pipe:
                pipe.write(self._order)
        return process

    def _ready(self) -> int:
        return sum(bool(state.readiness.get("ready")) for state in self._run_dir.states())

    def _drain(self, number: int) -> int:
        """Pass the signal on and wait; status 0 when every worker stopped cleanly."""
        self._listener.close()
        alive = [slot.process for slot in self._slots if slot.process is not None]
        for process in alive:
            process.send_signal(number)
        patience = self._server.drain_delay + 2 * self._server.shutdown_timeout + 5
        until = time.monotonic() + patience
        status = 0
        for process in alive:
            try:
                status |= process.wait(max(0.0, until - time.monotonic())) != 0
            except subprocess.TimeoutExpired:
                _say("worker does not stop and is killed", pid=process.pid)
                process.kill()
                status = 1
        return int(status)


def _say(event: str, **facts: object) -> None:
    line = msgspec.json.encode({"level": "warning", "event": event, "logger": __name__, **facts})
    os.write(2, line + b"\n")
