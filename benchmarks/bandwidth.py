"""Distance of a decoding step from the floor that memory sets: every weight is read once a step.

Regime: GPT-2 small and medium shapes with random weights, int8 and int4; one step of the model,
without the engine around it, for one row and for three (a context of 110 tokens each), on two
threads.

Method: the floor is the bytes of the weights that a step multiplies with (all but the positions and
the norms, scales included) divided by the machine's bandwidth. That is the best of several ways to
read memory from two threads with numpy, over an array as large as those bytes, again and again as
a decoder does: what fits into a last-level cache may come from there for both. Steps and reads
take turns within a round; the step is a median, the bandwidth the best of all rounds.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open
from threadpoolctl import threadpool_limits

from benchmarks.decoders import KV_CACHE_MB, QUANTIZATIONS, SHAPES, Models
from benchmarks.outcome import Outcome, median
from benchmarks.parts import Figures, Parts, parts_options, read_options
from cuebox.core.types import StepBatch
from cuebox.engines.opener import DecoderOpener
from cuebox.engines.settings import DecoderSettings
from cuebox.store import open_store, resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from cuebox.core.ports import StepModel
    from cuebox.core.types import FloatArray

_THREADS = 2
_ROWS = (1, 3)
_CONTEXT = 110
_STEPS = 15
_COLUMNS = 4_096
_GIGA = 1e9


def _ways(columns: FloatArray) -> list[Callable[[FloatArray], object]]:
    """Ways to read a whole array; which one is quickest depends on the CPU."""
    return [
        lambda part: part.sum(),
        lambda part: np.dot(part.reshape(-1), part.reshape(-1)),
        lambda part: part @ columns,
        lambda part: np.bitwise_or.reduce(part.view(np.uint64), axis=None),
    ]


class Reader:
    """Reads an array of so many bytes, a part of it in each thread."""

    def __init__(self, size: int) -> None:
        rows = max(1, size // (4 * _COLUMNS * _THREADS))
        self._parts = [np.ones((rows, _COLUMNS), np.float32) for _ in range(_THREADS)]
        self._bytes = sum(part.nbytes for part in self._parts)
        self._ways = _ways(np.ones(_COLUMNS, np.float32))
        self._pool = ThreadPoolExecutor(_THREADS)

    def best(self) -> float:
        """Bytes a second of the quickest way, of a few tries each."""
        with threadpool_limits(1):
            return max(self._rate(way) for way in self._ways for _ in range(4))

    def _rate(self, way: Callable[[FloatArray], object]) -> float:
        began = time.perf_counter()
        list(self._pool.map(way, self._parts))
        return self._bytes / (time.perf_counter() - began)


def weight_bytes(path: Path) -> int:
    """Bytes of the matrices that a step multiplies with."""
    total = 0
    with safe_open(path, "numpy") as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            tensor = file.get_tensor(name)
            is_bias = tensor.ndim < 2 or name == "positions"
            total += 0 if is_bias else tensor.nbytes
    return total


def step_batch(model: StepModel, rows: int) -> StepBatch:
    """One new token for each of so many texts."""
    each = -(-(_CONTEXT + 1) // model.block_size)
    return StepBatch(
        tokens=np.arange(rows, dtype=np.int64),
        positions=np.full(rows, _CONTEXT, np.int64),
        past=np.full(rows, _CONTEXT, np.int32),
        begins=np.arange(rows + 1, dtype=np.int32),
        blocks=np.arange(rows * each, dtype=np.int32),
        block_begins=np.arange(0, rows * each + 1, each, dtype=np.int32),
        sample_rows=np.arange(rows, dtype=np.int64),
    )


def measure(arguments: argparse.Namespace, name: str) -> Figures:
    """Bytes, the best bandwidth, and milliseconds of a step by rows."""
    models = Models(arguments.models)
    store = open_store(str(models.store), cache_dir=f"{models.store}-cache")
    spec = resolve(store, name).decoder
    if spec is None:
        raise SystemExit(f"{name} is no language model")
    weights = store.fetch(spec.weights)
    size = weight_bytes(weights)
    opener = DecoderOpener(DecoderSettings(threads=_THREADS, kv_cache_mb=KV_CACHE_MB))
    _, model = opener(spec, weights, store.fetch(spec.tokenizer))
    reader = Reader(size)
    steps: dict[str, list[float]] = {str(rows): [] for rows in _ROWS}
    bandwidth = 0.0
    for _ in range(arguments.rounds):
        bandwidth = max(bandwidth, reader.best())
        for rows in _ROWS:
            steps[str(rows)].append(_step(model, step_batch(model, rows)))
    model.close()
    sys.stderr.write(f"{name}: {bandwidth / _GIGA:.1f} GB/s\n")
    return {"bytes": size, "bandwidth": bandwidth, "steps": steps}


def _step(model: StepModel, batch: StepBatch) -> float:
    taken = []
    for _ in range(_STEPS):
        began = time.perf_counter()
        model.step(batch)
        taken.append(1000 * (time.perf_counter() - began))
    return median(taken)


def _conclude(outcome: Outcome, found: dict[str, Figures]) -> None:
    rows = []
    for name, one in found.items():
        floor = 1000 * one["bytes"] / one["bandwidth"]
        steps = [median(one["steps"][str(count)]) for count in _ROWS]
        rows.append([
            name, f"{one['bytes'] / 2**20:.0f}", f"{one['bandwidth'] / _GIGA:.1f}", f"{floor:.1f}",
            *(cell for step in steps for cell in (f"{step:.1f}", f"{step / floor:.2f}x")),
        ])  # fmt: skip
    outcome.table(
        "A decoding step and its floor",
        ["model", "weights MB", "bandwidth GB/s", "floor ms", "1 row, ms", "to the floor",
         "3 rows, ms", "to the floor"],
        rows,
    )  # fmt: skip
    outcome.figures["steps"] = found


def main() -> None:
    """Run the benchmark."""
    arguments = read_options(parts_options(__doc__, rounds=7))
    regime = "one step of the model alone, context of 110 tokens, two threads"
    with Outcome("bandwidth", regime) as outcome:
        parts = Parts(outcome, arguments)
        names = [f"{size}-{bits}" for size in SHAPES for bits in QUANTIZATIONS]
        found = {name: parts.measure(name, partial(measure, arguments, name)) for name in names}
        _conclude(outcome, found)


if __name__ == "__main__":
    main()
