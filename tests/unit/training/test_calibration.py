from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.training.calibration import fit_platt, fit_temperature

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray, IntArray


def sample(rows: int, labels: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Logits, and truth drawn from their softmax: calibrated as they are."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (rows, labels))
    noise = rng.gumbel(size=(rows, labels))
    return logits.astype(np.float32), (logits + noise).argmax(axis=1)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_wrong_scale(scale: float) -> None:
    logits, truth = sample(4000, 6, seed=1)
    assert fit_temperature(logits * np.float32(scale), truth) == pytest.approx(scale, rel=0.1)


def test_temperature_without_rows_changes_nothing() -> None:
    assert fit_temperature(np.empty((0, 3), np.float32), np.empty(0, np.int64)) == 1.0


def test_platt_finds_scale_and_shift_of_each_label() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (5000, 3)).astype(np.float32)
    scale, shift = np.array([0.5, 1.0, 2.0]), np.array([-1.0, 0.0, 1.0])
    chance = 1 / (1 + np.exp(-(scale * logits + shift)))
    truth = (rng.random(chance.shape) < chance).astype(np.float32)
    found_scale, found_shift = fit_platt(logits, truth)
    assert found_scale == pytest.approx(scale, rel=0.15)
    assert found_shift == pytest.approx(shift, abs=0.15)


@settings(deadline=None, max_examples=25)
@given(
    rows=st.integers(0, 30), labels=st.integers(1, 4), seed=st.integers(0, 99), flip=st.booleans()
)
def test_platt_is_finite_and_never_turns_the_ranking(
    rows: int, labels: int, seed: int, flip: bool
) -> None:
    rng = np.random.default_rng(seed)
    truth = (rng.random((rows, labels)) < 0.3).astype(np.float32)
    logits = (np.where(truth > 0, -9, 9) if flip else rng.normal(size=truth.shape)) * 3
    scale, shift = fit_platt(logits.astype(np.float32), truth)
    assert np.isfinite(scale).all()
    assert np.isfinite(shift).all()
    assert (scale > 0).all()
