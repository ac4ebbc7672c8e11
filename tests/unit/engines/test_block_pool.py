"""Blocks get their memory ahead of use, and keep what they hold."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.errors import ConfigError
from cuebox.engines.block_pool import BlockPool

if TYPE_CHECKING:
    from collections.abc import Callable

_SHAPE = (4, 32, 64)
_BLOCK_BYTES = 6 * 4 * 32 * 64 * 2


def _pool(megabytes: int) -> BlockPool:
    return BlockPool(6, _SHAPE, np.float16, megabytes, context=512)


def _faults(use: Callable[[], None]) -> int:
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    use()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def _resident(pool: BlockPool) -> int:
    """Bytes of the pool that have memory."""
    want = f"{pool.arrays.ctypes.data:x}-"
    with Path("/proc/self/smaps").open(encoding="ascii") as file:
        lines = iter(file)
        assert any(line.startswith(want) for line in lines)
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Rss:"))


def _settled(pool: BlockPool) -> int:
    """Resident bytes once they no longer grow."""
    found = -1
    while found != (found := _resident(pool)):
        time.sleep(0.2)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="memory is populated on Linux only")
def test_blocks_have_memory_before_they_are_written() -> None:
    pool = _pool(64)
    pool.expect(0)
    populated = _settled(pool)
    if not populated:
        pytest.skip("this kernel cannot populate memory (Linux 5.14 can)")
    assert populated == pytest.approx(16 << 20, rel=0.05)

    def write() -> None:
        pool.arrays[:, 10] = 1

    assert _faults(write) == 0
    pool.expect(populated // _BLOCK_BYTES - 1)
    assert _settled(pool) == pytest.approx(32 << 20, rel=0.05)
    assert pool.arrays[:, 10].min() == 1


def test_the_block_that_is_nobodys_says_nothing_of_what_is_used() -> None:
    pool = _pool(64)
    pool.expect(pool.scratch)
    pool.expect(0)
    assert _settled(pool) > 0 or sys.platform != "linux"


def test_a_text_of_the_whole_context_must_fit() -> None:
    with pytest.raises(ConfigError, match="kv_cache_mb"):
        _pool(1)
