"""Symmetric int8: error bounds and smoothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.training.quantize import quantize_columns, quantize_rows, smoothing_factors


def matrix(seed: int, scale: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((12, 7)).astype(np.float32) * scale


@given(st.integers(0, 100), st.sampled_from([1e-6, 1.0, 1e6]))
@settings(max_examples=20, deadline=None)
def test_every_value_is_within_half_a_step(seed: int, scale: float) -> None:
    original = matrix(seed, scale)
    for quantized in (quantize_columns(original), quantize_rows(original)):
        assert quantized.values.dtype == np.int8
        off = np.abs(quantized.restore() - original)
        assert (off <= quantized.scales * 0.501).all()


def test_a_wide_channel_does_not_coarsen_the_others() -> None:
    original = matrix(0, 1.0)
    original[:, 3] *= 1000
    restored = quantize_columns(original).restore()
    others = [0, 1, 2, 4, 5, 6]
    assert np.abs(restored[:, others] - original[:, others]).max() < 0.02


def test_an_empty_channel_stays_zero() -> None:
    original = np.zeros((4, 3), np.float32)
    assert (quantize_columns(original).restore() == 0).all()


def test_smoothing_narrows_the_spread_of_an_activation() -> None:
    ranges = np.array([1.0, 30.0, 0.0, 2.0], np.float32)
    factors = smoothing_factors(ranges, np.ones((4, 5), np.float32))
    even = ranges[[0, 1, 3]] / factors[[0, 1, 3]]
    assert np.isfinite(factors).all()
    assert (factors > 0).all()
    assert even.max() / even.min() < 2 < ranges[1] / ranges[0]
