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
_WARMUP, _SECONDS = 5, 0.5


def measure_speed(encoder: Encoder) -> Mapping[int, float]:
    """Median milliseconds of one run, by the number of tokens of its one text."""
    lengths = [length for length in _LENGTHS if length <= encoder.spec.max_tokens]
    return {length: _median_ms(encoder, length) for length in lengths}


def _median_ms(encoder: Encoder, length: int) -> float:
    # Small ids are in every vocabulary; which words they stand for costs the same.
    ids = np.arange(length, dtype=np.int64)[None, :] + 4
    batch = TokenBatch(ids, np.ones_like(ids))
    for _ in range(_WARMUP):
        encoder.run(batch)
    taken: list[float] = []
    while sum(taken) < _SECONDS:
        start = time.perf_counter()
        encoder.run(batch)
        taken.append(time.perf_counter() - start)
    return median(taken) * 1000
