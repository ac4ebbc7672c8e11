"""Memory of this process and of those it belongs with, as Linux tells it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

__all__ = ["ProcessMemory", "family_memory", "resident_bytes"]

_PROC = Path("/proc")
_KIB = 1024

Role = Literal["server", "supervisor", "worker", "engine", "other"]

_MODULES: dict[bytes, Role] = {
    b"cuebox.app.engine_process": "engine",
    b"cuebox.api.worker": "worker",
}


class ProcessMemory(msgspec.Struct, kw_only=True):
    """A process and its memory.

    Attributes:
        role: `server` answers HTTP by itself, `worker` as one of several under a `supervisor`,
            `engine` runs the language models.
        resident: bytes in use, those shared with other processes included.
        proportional: the same with shared bytes divided among those that share them, so that the
            sum over processes counts nothing twice; null where the system does not tell.
    """

    pid: int
    role: Role
    resident: int
    proportional: int | None


def resident_bytes() -> float:
    """Memory of this process that is in use, mapped files included; 0 where unknown."""
    return float(_resident(os.getpid()) or 0)


def family_memory(root: int) -> list[ProcessMemory]:
    """A process and all its descendants, by process id; empty where the system does not tell.

    Takes some milliseconds: summing up a process's pages is work for the kernel.
    """
    found = []
    for pid in sorted(_family(root)):
        resident = _resident(pid)
        if resident is not None:
            role = "server" if pid == root else _role(pid)
            found.append(
                ProcessMemory(
                    pid=pid, role=role, resident=resident, proportional=_proportional(pid)
                )
            )
    if any(each.role == "worker" for each in found):
        for each in found:
            each.role = "supervisor" if each.pid == root else each.role
    return found


def _role(pid: int) -> Role:
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "other"
    return next((_MODULES[word] for word in words if word in _MODULES), "other")


def _family(root: int) -> set[int]:
    parents: dict[int, int] = {}
    with suppress(OSError):
        for path in _PROC.iterdir():
            if path.name.isdigit() and (parent := _parent(path)) is not None:
                parents[int(path.name)] = parent
    members = {root} & parents.keys()
    while more := {pid for pid, parent in parents.items() if parent in members} - members:
        members |= more
    return members


def _parent(path: Path) -> int | None:
    try:
        # Field 4 of proc(5) stat; the name before it may hold spaces.
        return int((path / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None  # it ended meanwhile


def _resident(pid: int) -> int | None:
    try:
        pages = (_PROC / str(pid) / "statm").read_bytes().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _proportional(pid: int) -> int | None:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * _KIB
    return None
