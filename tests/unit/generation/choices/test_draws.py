"""Random numbers: the same for the same counters, spread evenly over all others."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.choices.draws import uniform

whole = st.integers(-(2**70), 2**70)


@settings(deadline=None, max_examples=50)
@given(whole, st.lists(st.integers(0, 2**40), max_size=4))
def test_equal_counters_give_equal_numbers_within_range(seed: int, counters: list[int]) -> None:
    drawn = uniform(seed, *counters)
    assert drawn == uniform(seed, *counters)
    assert 0 <= drawn < 1


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_neighbouring_counters_are_spread_evenly_and_unrelated(place: int) -> None:
    def at(value: int) -> float:
        counters = [7, 3, 5, 2]
        counters[place] = value
        return uniform(*counters)

    drawn = np.array([at(value) for value in range(20_000)])
    counts, _ = np.histogram(drawn, bins=50, range=(0, 1))
    chi_square = ((counts - 400) ** 2 / 400).sum()
    assert chi_square < 95  # 49 degrees of freedom: beyond it in one of 10,000 cases
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03


def test_order_of_the_counters_matters() -> None:
    drawn = {uniform(*counters) for counters in product(range(6), repeat=4)}
    assert len(drawn) == 6**4
