"""Several small trainings side by side, one core each."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar

from cuebox.core.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["run_jobs"]

T = TypeVar("T")


def run_jobs(
    jobs: Sequence[Callable[[Callable[[float], None]], T]],
    on_share: Callable[[float], None] | None = None,
    on_result: Callable[[int, T], None] | None = None,
) -> list[T]:
    """Run `jobs`, as many at a time as there are cores, and return their results in order.

    The matrices of a head are too small for BLAS to share among threads: it would spend the
    cores on waiting. So each job has one core, and the jobs share the cores.

    Args:
        jobs: each is given a function to tell which share of it is done. That function raises
            when the others are being stopped, which is how an interrupt gets through.
        on_share: told which share of all jobs is done.
        on_result: told number and result of each job as it finishes, one at a time.
    """
    from threadpoolctl import threadpool_limits

    shares = [0.0] * len(jobs)
    stop, lock = Event(), Lock()

    def run(number: int) -> T:
        def share(done: float) -> None:
            if stop.is_set():
                raise Cancelled("stopped with the others")
            with lock:
                shares[number] = done
                if on_share:
                    on_share(sum(shares) / len(jobs))

        result = jobs[number](share)
        share(1.0)
        if on_result:
            with lock:
                on_result(number, result)
        return result

    workers = max(1, min(len(jobs), len(os.sched_getaffinity(0))))
    with threadpool_limits(1), ThreadPoolExecutor(workers, thread_name_prefix="fit") as pool:
        futures = [pool.submit(run, number) for number in range(len(jobs))]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
