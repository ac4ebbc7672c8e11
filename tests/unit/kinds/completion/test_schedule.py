from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cuebox.kinds.completion.schedule import decay_steps, rate


@given(st.integers(0, 50), st.integers(60, 200), st.integers(1, 80))
def test_the_rate_rises_stays_and_falls_to_almost_nothing(
    warmup: int, start: int, decay: int
) -> None:
    rates = [
        rate(step, warmup=warmup, decay_from=start, decay=decay) for step in range(start + decay)
    ]
    assert rates[:warmup] == sorted(rates[:warmup])
    assert set(rates[warmup:start]) == {1.0}
    falling = rates[start:]
    assert falling == sorted(falling, reverse=True)
    assert all(0 < one < 1 for one in falling)
    assert falling[-1] < 0.5


def test_a_decay_is_its_share_of_all_steps() -> None:
    assert decay_steps(750, 0.25) == 250
    assert decay_steps(1, 0.25) == 1
