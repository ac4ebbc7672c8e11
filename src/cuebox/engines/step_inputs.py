"""The inputs of a decoder's step, in memory that the engine reads in place.

The matrix kernels are compiled for a number of rows, when it is first met: milliseconds and
most of a megabyte each, which are never given back. So steps are padded to few different
sizes, with tokens that read nothing and write to a block that is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.engines.openvino_runtime import ov

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from openvino import InferRequest

    from cuebox.core.types import StepBatch

__all__ = ["STEP_INPUTS", "StepInputs", "padded_size"]

STEP_INPUTS: dict[str, np.dtype[Any]] = {
    "tokens": np.dtype(np.int64),
    "positions": np.dtype(np.int64),
    "past": np.dtype(np.int32),
    "begins": np.dtype(np.int32),
    "blocks": np.dtype(np.int32),
    "block_begins": np.dtype(np.int32),
    "sample_rows": np.dtype(np.int64),
}
"""Inputs of one dimension, named as in `StepBatch`; the scalar `longest` comes after them."""

_LARGEST_STEP = 16


def padded_size(size: int) -> int:
    """The least of 1 to 8, then four sizes per doubling up to 64, then multiples of 16."""
    step = min(_LARGEST_STEP, 1 << max(0, (size - 1).bit_length() - 3))
    return -(-size // step) * step


class StepInputs:
    """Writes each step's batch where one infer request reads it."""

    def __init__(self, request: InferRequest, scratch: int) -> None:
        """Bind the request's first inputs.

        Args:
            request: an `openvino.InferRequest` whose inputs begin with `STEP_INPUTS`.
            scratch: the block that padding tokens are written to.
        """
        self._scratch = scratch
        self._inputs = [
            _Input(request, index, dtype) for index, dtype in enumerate(STEP_INPUTS.values())
        ]
        self._longest = np.zeros((), np.int32)
        request.set_input_tensor(len(self._inputs), ov.Tensor(self._longest, shared_memory=True))

    def write(self, batch: StepBatch) -> int:
        """Write a batch and its padding; the tokens of its longest text."""
        tokens, positions, past, begins, blocks, block_begins, sample_rows = self._inputs
        longest = int((batch.past + batch.begins[1:] - batch.begins[:-1]).max())
        self._longest[()] = longest
        count, held = len(batch.tokens), len(batch.blocks)
        padding = padded_size(count) - count
        # Each padding token is a text of its own, so a step of single tokens stays one.
        ramp = np.arange(1, padding + 1, dtype=np.int32)
        tokens.write(batch.tokens, padding, 0)
        positions.write(batch.positions, padding, 0)
        past.write(batch.past, padding, 0)
        begins.write(batch.begins, padding, ramp + count)
        blocks.write(batch.blocks, padding, self._scratch)
        block_begins.write(batch.block_begins, padding, ramp + held)
        rows = len(batch.sample_rows)
        sample_rows.write(batch.sample_rows, padded_size(rows) - rows, 0)
        return longest


class _Input:
    """One input: a buffer that grows with the largest step, and the tensor that shows it."""

    def __init__(self, request: InferRequest, index: int, dtype: np.dtype[Any]) -> None:
        self._request = request
        self._index = index
        self._reserve(64, dtype)

    def write(
        self, values: NDArray[Any] | Sequence[int], padding: int, fill: int | NDArray[Any]
    ) -> None:
        """Show `values` and then `padding` entries of `fill`."""
        count = len(values)
        size = count + padding
        if size > len(self._buffer):
            self._reserve(2 * size, self._buffer.dtype)
        self._buffer[:count] = values
        if padding:
            self._buffer[count:size] = fill
        self._tensor.shape = (size,)

    def _reserve(self, size: int, dtype: np.dtype[Any]) -> None:
        self._buffer = np.zeros(size, dtype)
        self._tensor = ov.Tensor(self._buffer, shared_memory=True)
        self._request.set_input_tensor(self._index, self._tensor)
