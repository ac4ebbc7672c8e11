"""A child process that is replaced when it dies."""

from __future__ import annotations

import os
import subprocess
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KeptProcess"]

_FIRST_BACK_OFF = 0.5
_LONGEST_BACK_OFF = 30.0
_STABLE_SECONDS = 30.0


class KeptProcess:
    """The place of one child, whoever fills it.

    A child that ran for a while is replaced at once; one that keeps dying ever more slowly.

    Args:
        name: what it is, for the log.
        start: starts a child; told whether it takes the place of one that died.
        died: told the process id of one that died.

    Attributes:
        process: the child, as far as is known.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[bool], subprocess.Popen[bytes]],
        died: Callable[[int], None] | None = None,
    ) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._name = name
        self._start = start
        self._died = died
        self._started = 0.0
        self._failures = 0
        self._start_at = 0.0
        self._replaces = False

    @property
    def delay(self) -> float:
        """Seconds until the next child may be started."""
        return max(0.0, self._start_at - monotonic())

    def look_after(self) -> None:
        """Notice a death, and fill an empty place unless it is too early; never blocks."""
        now = monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._bury(self.process, now)
        if self.process is None and now >= self._start_at:
            self._started = now
            try:
                self.process = self._start(self._replaces)
            except OSError as error:
                self._back_off(f"{self._name} cannot be started", now, error=str(error))
            self._replaces = True

    def wait(self, seconds: float) -> bool:
        """Wait for the child to end; whether it did, and did so cleanly. One late is killed."""
        if self.process is None:
            return True
        try:
            return self.process.wait(max(0.0, seconds)) == 0
        except subprocess.TimeoutExpired:
            _say(f"{self._name} does not stop and is killed", pid=self.process.pid)
            self.process.kill()
            self.process.wait()
            return False

    def _bury(self, process: subprocess.Popen[bytes], now: float) -> None:
        self._back_off(f"{self._name} died", now, pid=process.pid, status=process.returncode)
        self.process = None
        if process.stdin is not None:
            process.stdin.close()
        if self._died is not None:
            self._died(process.pid)

    def _back_off(self, event: str, now: float, **facts: object) -> None:
        stable = now - self._started > _STABLE_SECONDS
        self._failures = 0 if stable else self._failures + 1
        wait = _FIRST_BACK_OFF * 2 ** (self._failures - 1) if self._failures else 0.0
        wait = min(_LONGEST_BACK_OFF, wait)
        self._start_at = now + wait
        _say(event, **facts, restart_in_seconds=wait)


def _say(event: str, **facts: object) -> None:
    line = msgspec.json.encode({"level": "warning", "event": event, "logger": __name__, **facts})
    os.write(2, line + b"\n")
