"""How many cores this process may use, and what sort of CPU it runs on.

Thread pools count the machine's cores and ignore container limits; these functions read the
limits of Linux (affinity, cgroup v2 `cpu.max`, cgroup v1 CFS quota) instead.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["available_cores", "cpu_family"]

# The instruction sets that change which kernels run, and so the layout of prepacked weights.
_KERNEL_FLAGS = frozenset(
    [
        "sse4_1",
        "avx",
        "avx2",
        "fma",
        "f16c",
        "avx_vnni",
        "avx512f",
        "avx512bw",
        "avx512dq",
        "avx512vl",
        "avx512_vnni",
        "avx512_bf16",
        "avx512_fp16",
        "amx_tile",
        "amx_int8",
        "amx_bf16",
        "asimd",
        "asimddp",
        "asimdhp",
        "i8mm",
        "bf16",
        "sve",
        "sve2",
    ]
)


def available_cores(root: Path = Path("/")) -> int:
    """Whole cores this process may use: affinity cut by the tightest cgroup quota, at least 1.

    A fraction counts as a core from one half up: a quota of 1.5 gives 2, of 1.2 gives 1.

    Args:
        root: where `/proc` and `/sys` are found, for tests.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores = float(affinity or os.cpu_count() or 1)
    for quota in _quotas(root):
        cores = min(cores, quota)
    return max(1, math.floor(cores + 0.5))


def _quotas(root: Path) -> list[float]:
    """Every CPU quota, in cores, on this process's cgroups and all their ancestors."""
    found: list[float] = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            found += _walk_up(root / "sys/fs/cgroup", group, _v2_quota)
        elif "cpu" in controllers.split(","):
            for mount in (controllers, "cpu"):
                found += _walk_up(root / "sys/fs/cgroup" / mount, group, _v1_quota)
    return found


def _walk_up(mount: Path, group: str, quota: Callable[[Path], float | None]) -> list[float]:
    """Quotas from `group` up to the mount; inside a container only the mount itself may exist."""
    folder = mount / group.lstrip("/")
    folders = [folder, *folder.parents]
    inside = folders[: folders.index(mount) + 1] if mount in folders else [mount]
    return [value for each in inside if (value := quota(each)) is not None]


def _v2_quota(folder: Path) -> float | None:
    fields = _read(folder / "cpu.max").split()
    return _ratio(fields[0], fields[1]) if len(fields) == 2 else None


def _v1_quota(folder: Path) -> float | None:
    return _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float | None:
    """Cores, or None for `max`, -1 and anything unreadable."""
    try:
        cores = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return cores if cores > 0 else None


def cpu_family(root: Path = Path("/")) -> str:
    """Key of the CPU type, for caches of files that only fit one: `x86_64-1f0c2a9b77d1`.

    Covers vendor, model and the instruction sets that decide which kernels run.
    """
    machine = platform.machine() or "unknown"
    facts: dict[str, str] = {}
    for line in _read(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    flags = facts.get("flags", facts.get("Features", "")).split()
    parts = [facts.get(key, "") for key in ("vendor_id", "cpu family", "model", "CPU part")]
    parts += sorted(_KERNEL_FLAGS.intersection(flags))
    return f"{machine}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"


def _read(path: Path) -> str:
    """The text of a small kernel file; empty when it is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
