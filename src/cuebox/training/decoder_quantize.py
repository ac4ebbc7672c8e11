"""int8 with a scale per output channel, int4 with a scale per group of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray

__all__ = ["GROUPS", "QuantizedMatrix", "choose_group", "quantize_int4", "quantize_int8"]

# Columns that may share a scale of an int4 matrix, the fastest and smallest first.
GROUPS = (128, 64, 32)

_INT8_LEVELS = 127
_INT4_LOW, _INT4_HIGH = -8, 7
# Scales tried for a group, as shares of the one that reaches its largest value. Clipping that
# value a little gives the others finer steps.
_SHARES = np.linspace(0.7, 1.0, 7, dtype=np.float32)
# A piece of a matrix that stays in the processor's cache through all trials.
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class QuantizedMatrix:
    """A matrix as it is stored.

    Attributes:
        values: int8 `[out, in]`, or uint8 `[out, in / 2]`, two int4 a byte, the even column low.
        scale: float16 `[out, 1]` or `[out, in / group]`.
    """

    values: NDArray[Any]
    scale: NDArray[np.float16]

    def restore(self) -> FloatArray:
        """The float32 matrix `[out, in]` that this stands for."""
        values = self.values
        if values.dtype == np.uint8:
            low, high = values << 4, values & 0xF0
            values = np.stack([low, high], axis=-1).view(np.int8) >> 4
        rows, groups = self.scale.shape
        restored: FloatArray = values.reshape(rows, groups, -1) * self.scale[:, :, None].astype(
            np.float32
        )
        return restored.reshape(rows, -1)


def choose_group(widths: Iterable[int]) -> int:
    """The largest group of columns that divides every width.

    Raises:
        ModelError: there is none.
    """
    wanted = sorted(set(widths))
    for group in GROUPS:
        if all(width % group == 0 for width in wanted):
            return group
    odd = next(width for width in wanted if width % GROUPS[-1])
    raise ModelError(
        f"int4 needs matrices whose columns come in groups of {GROUPS[-1]}: this model has "
        f"{odd} columns; use int8"
    )


def quantize_int8(matrix: FloatArray) -> QuantizedMatrix:
    """One scale per row of `[out, in]`, so that no value is beyond 127."""
    wanted = np.abs(matrix).max(axis=1, keepdims=True) / _INT8_LEVELS
    scale = _storable(wanted)
    # Rounded down, it would clip the largest values.
    scale = np.where(scale < wanted, np.nextafter(scale, np.float16(np.inf)), scale)
    values = np.rint(matrix / scale.astype(np.float32))
    return QuantizedMatrix(values.astype(np.int8), scale)


def quantize_int4(matrix: FloatArray, group: int) -> QuantizedMatrix:
    """A scale per `group` columns of `[out, in]`, the one with the least squared error.

    Tried are scales of both signs, since there is a -8 but no 8, each a little too small and
    fitted to the values it leads to.
    """
    groups = matrix.reshape(-1, group)
    values = np.empty(groups.shape, np.int8)
    scale = np.empty((len(groups), 1), np.float16)
    step = max(1, _PIECE // group)
    for at in range(0, len(groups), step):
        piece = slice(at, at + step)
        scale[piece] = _best_scale(groups[piece])
        values[piece] = _int4(groups[piece], scale[piece].astype(np.float32))
    nibbles = values.reshape(len(matrix), -1).view(np.uint8) & 0xF
    packed = nibbles[:, 0::2] | nibbles[:, 1::2] << 4
    return QuantizedMatrix(packed, scale.reshape(len(matrix), -1))


def _best_scale(groups: FloatArray) -> NDArray[np.float16]:
    """Float16 `[groups, 1]`."""
    largest = np.take_along_axis(groups, np.abs(groups).argmax(axis=1)[:, None], axis=1)
    best = _storable(largest / _INT4_LOW)
    least = _error(groups, best)
    for reach in (_INT4_LOW, -_INT4_LOW, _INT4_HIGH):
        for share in _SHARES:
            scale = _fitted(groups, _storable(largest * share / reach).astype(np.float32))
            error = _error(groups, scale)
            better = error < least
            best[better], least[better] = scale[better], error[better]
    return best


def _fitted(groups: FloatArray, scale: FloatArray) -> NDArray[np.float16]:
    """The scale that suits best the values to which `scale` rounds."""
    values = _int4(groups, scale)
    norm = np.einsum("gc,gc->g", values, values)[:, None]
    fitted = np.einsum("gc,gc->g", values, groups)[:, None] / np.maximum(norm, 1)
    fitted[norm == 0] = scale[norm == 0]
    return _storable(fitted)


def _error(groups: FloatArray, scale: NDArray[np.float16]) -> FloatArray:
    """Squared error `[groups, 1]`."""
    wide = scale.astype(np.float32)
    off = _int4(groups, wide)
    off *= wide
    off -= groups
    error: FloatArray = np.einsum("gc,gc->g", off, off)[:, None]
    return error


def _int4(groups: FloatArray, scale: FloatArray) -> FloatArray:
    values = groups / scale
    np.rint(values, out=values)
    np.clip(values, _INT4_LOW, _INT4_HIGH, out=values)
    return values


def _storable(scale: NDArray[np.floating[Any]]) -> NDArray[np.float16]:
    """Scales as float16, none of them 0: the values of an empty row are 0 with any scale."""
    stored = scale.astype(np.float16)
    stored[stored == 0] = np.finfo(np.float16).smallest_normal
    return stored
