"""The processes below one, as Linux tells them."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["children", "engine_of", "gone"]

_SECONDS = 30


def children(pid: int) -> dict[int, str]:
    """Process id to command line of every child."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            found[int(child)] = command.replace(b"\0", b" ").decode()
    return found


def engine_of(pid: int, *, but: int = 0) -> int:
    """The engine process of a server, once there is one; `but` is one that is dead."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        for child, command in children(pid).items():
            if "engine_process" in command and child != but:
                return child
        time.sleep(0.01)
    raise AssertionError(f"process {pid} has no engine process")


def gone(pid: int) -> bool:
    """Whether a process has ended, after a while if need be."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
