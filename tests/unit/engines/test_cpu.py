"""Cores and CPU family, read from a made-up machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cuebox.engines.cpu import available_cores, cpu_family

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_affinity_counts_where_nothing_is_limited(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == 8


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("120000 100000", 1),
        ("10000 100000", 1),
        ("9900000 100000", 8),
        ("garbage", 8),
        ("-1 100000", 8),
        ("100000 0", 8),
    ],
)
def test_cgroup_v2_quota_inside_a_container(tmp_path: Path, quota: str, cores: int) -> None:
    root = write(tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": quota})
    assert available_cores(root) == cores


def test_the_tightest_ancestor_decides(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/kubepods/pod1/c1\n",
            "sys/fs/cgroup/kubepods/cpu.max": "600000 100000",
            "sys/fs/cgroup/kubepods/pod1/cpu.max": "300000 100000",
            "sys/fs/cgroup/kubepods/pod1/c1/cpu.max": "max 100000",
        },
    )
    assert available_cores(root) == 3


def test_cgroup_v1_quota(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
    )
    assert available_cores(root) == 4


def test_the_family_follows_model_and_kernel_flags_but_not_the_clock(tmp_path: Path) -> None:
    def family(name: str, flags: str, clock: str = "2600") -> str:
        text = f"vendor_id : GenuineIntel\nmodel : 143\ncpu MHz : {clock}\nflags : {flags}\n"
        return cpu_family(write(tmp_path / name, {"proc/cpuinfo": text}))

    with_vnni = family("a", "fpu avx2 avx512_vnni")
    assert family("b", "avx512_vnni avx2 nx", clock="3100") == with_vnni
    assert family("c", "fpu avx2") != with_vnni
