"""What a benchmark ran on, and how much of the machine somebody else was using meanwhile."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["BUSY_PERCENT", "OtherLoad", "cpu_seconds", "descendants", "describe_machine"]

BUSY_PERCENT = 5.0

_ENOUGH_TICKS = 200
_PROC = Path("/proc")
_PACKAGES = (
    "cuebox", "onnxruntime", "openvino", "numpy", "tokenizers", "uvicorn", "uvloop", "msgspec",
)  # fmt: skip


def describe_machine() -> dict[str, Any]:
    """CPU, memory, kernel and versions, plain."""
    return {
        "cpu": _field(_PROC / "cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "vnni": any(
            flag in _field(_PROC / "cpuinfo", "flags").split()
            for flag in ("avx512_vnni", "avx_vnni")
        ),
        "memory_gb": round(int(_field(_PROC / "meminfo", "MemTotal").split()[0]) / 1024**2, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: _installed(name) for name in _PACKAGES},
        "commit": _commit(),
        "load_average": round(os.getloadavg()[0], 2),
    }


@dataclass(slots=True)
class _Ticks:
    """Clock ticks since boot, over all cores."""

    busy: int
    stolen: int
    total: int
    own: int


class OtherLoad:
    """Measures the share of all cores that other programs took while it was entered.

    Attributes:
        percent: processes that are not descendants of this one, of all cores.
        stolen_percent: what the hypervisor kept back.
    """

    def __init__(self) -> None:
        self.percent = 0.0
        self.stolen_percent = 0.0

    def __enter__(self) -> OtherLoad:
        self._before = _ticks()
        return self

    def __exit__(self, *_: object) -> None:
        before, after = self._before, _ticks()
        total = after.total - before.total
        if total < _ENOUGH_TICKS:
            return
        others = (after.busy - before.busy) - (after.own - before.own)
        self.percent = round(max(0.0, 100 * others / total), 1)
        self.stolen_percent = round(100 * (after.stolen - before.stolen) / total, 1)
        if self.percent > BUSY_PERCENT or self.stolen_percent > BUSY_PERCENT:
            sys.stderr.write(
                f"warning: other programs took {self.percent:.0f} % of the cores and the "
                f"hypervisor {self.stolen_percent:.0f} %: these figures are too low\n"
            )

    def facts(self) -> dict[str, float]:
        """For the JSON line."""
        return {"others_percent": self.percent, "stolen_percent": self.stolen_percent}


def descendants(root: int) -> list[int]:
    """The process `root` and everything below it."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes():
        children.setdefault(int(fields[1]), []).append(pid)
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """What the process `root` and everything below it used so far, on all cores."""
    return _used(root) / os.sysconf("SC_CLK_TCK")


def _ticks() -> _Ticks:
    fields = [int(each) for each in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return _Ticks(sum(fields) - idle - fields[7], fields[7], sum(fields), _used(os.getpid()))


def _used(root: int) -> int:
    own = set(descendants(root))
    # utime, stime, and those of children that ended and were waited for.
    return sum(sum(int(each) for each in stat[11:15]) for pid, stat in _processes() if pid in own)


def _processes() -> list[tuple[int, list[str]]]:
    """Process id and the fields of proc(5) stat after the name, for all that still live."""
    found = []
    for folder in _PROC.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(folder.name), stat))
    return found


def _field(path: Path, name: str) -> str:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip()
