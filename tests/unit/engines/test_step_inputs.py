"""Sizes that steps are padded to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cuebox.engines.step_inputs import padded_size


def test_small_sizes_are_exact_and_larger_ones_few() -> None:
    assert [padded_size(size) for size in range(10)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert len({padded_size(size) for size in range(1, 513)}) == 48


@given(st.integers(min_value=0, max_value=10_000))
def test_padding_is_enough_and_not_much(size: int) -> None:
    padded = padded_size(size)
    assert size <= padded <= size + min(16, size / 4)
    assert padded_size(padded) == padded
