"""Rate limits by the generic cell rate algorithm: one float per key, shared by all workers."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RateLimiter", "Verdict"]

_SLOTS = 65_536


class Verdict(msgspec.Struct, frozen=True):
    """What the limit says of one request.

    Attributes:
        allowed: whether it may pass.
        remaining: how many more may follow at once.
        wait: seconds until the next one may (0 when allowed).
        reset: seconds until the whole burst is there again.
    """

    allowed: bool
    remaining: int
    wait: float
    reset: float


class RateLimiter:
    """A burst of `burst`, refilled at `rate` a second, for each of 65,536 numbered slots.

    The state of a slot is the time at which its bucket is full again, on the clock of
    `time.monotonic`, which all processes of a machine share. In a file it holds for all
    workers together: two that write one slot in the same instant let one request more pass,
    which is cheaper than a lock on every request. Pages that are never touched take no memory.
    """

    def __init__(self, shared: Path | None = None) -> None:
        size = 8 * _SLOTS
        if shared is None:
            self._memory = mmap.mmap(-1, size)
        else:
            descriptor = os.open(shared, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(descriptor, size)
                self._memory = mmap.mmap(descriptor, size)
            finally:
                os.close(descriptor)
        self._full_at = memoryview(self._memory).cast("d")

    def take(self, slot: int, rate: float, burst: int, now: float) -> Verdict:
        """Let one request of `slot` pass at time `now`, or say when it may."""
        slot %= _SLOTS
        interval = 1.0 / rate
        tolerance = burst * interval
        full_at = max(self._full_at[slot], now) + interval
        spare = now + tolerance - full_at
        # Sums of intervals are inexact: a billionth of an interval is no debt.
        if spare < -1e-9 * interval - 1e-9:
            return Verdict(allowed=False, remaining=0, wait=-spare, reset=full_at - interval - now)
        self._full_at[slot] = full_at
        remaining = int(spare / interval + 1e-6)
        return Verdict(allowed=True, remaining=max(0, remaining), wait=0.0, reset=full_at - now)

    def close(self) -> None:
        """Give the memory back."""
        self._full_at.release()
        self._memory.close()
