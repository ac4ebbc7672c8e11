from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from cuebox.training.parallel import run_jobs

Share = Callable[[float], None]


def square(number: int, share: Share) -> int:
    share(0.5)
    return number * number


def test_results_come_in_order_and_shares_end_at_one() -> None:
    shares: list[float] = []
    kept: dict[int, int] = {}
    results = run_jobs(
        [partial(square, number) for number in range(7)], shares.append, kept.__setitem__
    )
    assert results == [0, 1, 4, 9, 16, 25, 36]
    assert kept == dict(enumerate(results))
    assert shares[-1] == pytest.approx(1.0)


def test_a_failure_stops_the_others() -> None:
    def fail(share: Share) -> int:
        raise ValueError("no")

    def endless(share: Share) -> int:
        while True:
            share(0.1)

    with pytest.raises(ValueError, match="no"):
        run_jobs([fail, endless])


def test_no_jobs_give_no_results() -> None:
    assert run_jobs([]) == []
