"""How fast an encoder is, one text at a time."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.types import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.ports import Encoder

__all__ = ["measure_speed"]

_LENGTHS = (8, 32, 128)
_WARMUP, _BURSTS, _BURST_SECONDS = 5, 12, 0.05


def measure_speed(encoder: Encoder) -> Mapping[int, float]:
    """Milliseconds of one run, by the number of tokens of its one text.

    The lowest median of twelve short bursts: on a machine that also does other work, that is
    the burst it disturbed least.
    """
    lengths = [length for length in _LENGTHS if length <= encoder.spec.max_tokens]
    return {length: _run_ms(encoder, length) for length in lengths}


def _run_ms(encoder: Encoder, length: int) -> float:
    # Small ids are in every vocabulary; which words they stand for costs the same.
    ids = np.arange(length, dtype=np.int64)[None, :] + 4
    batch = TokenBatch(ids, np.ones_like(ids))
    for _ in range(_WARMUP):
        encoder.run(batch)
    return min(_burst(encoder, batch) for _ in range(_BURSTS)) * 1000


def _burst(encoder: Encoder, batch: TokenBatch) -> float:
    taken: list[float] = []
    while sum(taken) < _BURST_SECONDS:
        start = time.perf_counter()
        encoder.run(batch)
        taken.append(time.perf_counter() - start)
    return median(taken)
