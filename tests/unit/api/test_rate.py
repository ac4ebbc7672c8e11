from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.api.rate import RateLimiter

if TYPE_CHECKING:
    from pathlib import Path


@settings(max_examples=50, deadline=None)
@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 50),
    gaps=st.lists(st.floats(0, 0.5), max_size=200),
)
def test_no_more_than_the_burst_and_the_rate_allow(
    rate: float, burst: int, gaps: list[float]
) -> None:
    limiter, now, passed = RateLimiter(), 1000.0, 0
    for gap in gaps:
        now += gap
        passed += limiter.take(1, rate, burst, now).allowed
    limiter.close()
    assert passed <= burst + rate * (now - 1000.0) + 1e-3


def test_a_burst_passes_then_the_wait_is_exact() -> None:
    limiter = RateLimiter()
    verdicts = [limiter.take(3, 2.0, 5, 100.0) for _ in range(6)]
    assert [v.allowed for v in verdicts] == [True] * 5 + [False]
    assert [v.remaining for v in verdicts] == [4, 3, 2, 1, 0, 0]
    assert abs(verdicts[-1].wait - 0.5) < 1e-6
    assert not limiter.take(3, 2.0, 5, 100.49).allowed
    assert limiter.take(3, 2.0, 5, 100.5).allowed
    limiter.close()


def test_keys_do_not_share_a_bucket() -> None:
    limiter = RateLimiter()
    assert limiter.take(1, 1.0, 1, 10.0).allowed
    assert limiter.take(2, 1.0, 1, 10.0).allowed
    assert not limiter.take(1, 1.0, 1, 10.0).allowed
    limiter.close()


def test_two_processes_share_one_bucket(tmp_path: Path) -> None:
    first, second = RateLimiter(tmp_path / "rates"), RateLimiter(tmp_path / "rates")
    assert first.take(1, 1.0, 2, 10.0).allowed
    assert second.take(1, 1.0, 2, 10.0).allowed
    assert not first.take(1, 1.0, 2, 10.0).allowed
    first.close()
    second.close()
