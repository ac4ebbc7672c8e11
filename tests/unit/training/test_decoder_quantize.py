"""int8 and int4 of a language model's matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import ModelError
from cuebox.training.decoder_quantize import choose_group, quantize_int4, quantize_int8

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray


@st.composite
def matrices(draw: st.DrawFn) -> FloatArray:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, groups = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    matrix = rng.standard_normal((rows, 32 * groups)) * 10.0 ** draw(st.integers(-4, 2))
    if draw(st.booleans()):
        matrix[rng.integers(rows)] = 0
    if draw(st.booleans()):
        matrix[rng.integers(rows), rng.integers(32)] *= 30
    return matrix.astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(matrix=matrices())
def test_int8_is_within_half_a_step_of_every_value(matrix: FloatArray) -> None:
    stored = quantize_int8(matrix)
    assert stored.values.dtype == np.int8
    assert stored.scale.dtype == np.float16
    assert stored.scale.shape == (len(matrix), 1)
    assert np.isfinite(stored.scale).all()
    assert np.abs(stored.values.astype(int)).max() <= 127
    off = np.abs(stored.restore() - matrix)
    assert (off <= 0.501 * stored.scale.astype(np.float32)).all()


@settings(max_examples=50, deadline=None)
@given(matrix=matrices())
def test_int4_is_never_worse_than_the_plain_scale(matrix: FloatArray) -> None:
    stored = quantize_int4(matrix, 32)
    assert stored.values.dtype == np.uint8
    assert stored.values.shape == (len(matrix), matrix.shape[1] // 2)
    assert stored.scale.shape == (len(matrix), matrix.shape[1] // 32)
    groups = matrix.reshape(-1, 32)
    plain = np.abs(groups).max(axis=1, keepdims=True) / 7 + 1e-12
    naive = np.clip(np.rint(groups / plain), -8, 7) * plain
    error = np.square(stored.restore() - matrix).sum()
    assert error <= np.square(naive - groups).sum() * 1.01 + 1e-12


def test_the_even_column_is_in_the_low_half_of_a_byte() -> None:
    matrix = np.zeros((1, 32), np.float32)
    matrix[0, :4] = [-8, 7, 1, -1]
    stored = quantize_int4(matrix, 32)
    scale = float(stored.scale[0, 0])
    assert abs(scale) == pytest.approx(1, rel=1e-3)
    signed = [-8, 7, 1, -1] if scale > 0 else [8, -7, -1, 1]
    expected = [(signed[0] & 15) | (signed[1] & 15) << 4, (signed[2] & 15) | (signed[3] & 15) << 4]
    assert stored.values[0, :2].tolist() == expected
    np.testing.assert_allclose(stored.restore(), matrix, atol=0.01)


def test_the_largest_group_that_fits_is_chosen() -> None:
    assert choose_group([768, 3072]) == 128
    assert choose_group([64, 192]) == 64
    assert choose_group([96, 64]) == 32
    with pytest.raises(ModelError, match="has 172 columns; use int8"):
        choose_group([64, 172])
