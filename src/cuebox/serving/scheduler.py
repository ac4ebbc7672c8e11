"""Which job an encoder worker takes next: a pure object, no threads and no clock of its own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from cuebox.core.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Item", "Picked", "Scheduler"]


class Item(Protocol):
    """What the scheduler needs to know of a job."""

    @property
    def deadline(self) -> float:
        """When its answer is worthless, on the caller's clock, in seconds."""
        ...

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for it any more."""
        ...

    @property
    def rows(self) -> int:
        """How many texts it holds."""
        ...


T = TypeVar("T", bound=Item)


@dataclass(frozen=True, slots=True)
class Picked(Generic[T]):
    """One decision: the jobs to run together, and those whose deadline passed meanwhile."""

    jobs: Sequence[T]
    expired: Sequence[T]


class Scheduler(Generic[T]):
    """First in, first out; abandoned jobs vanish and late ones are told so when they surface."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._queue: deque[T] = deque()
        self._seconds_per_job = 0.001

    def __len__(self) -> int:
        return len(self._queue)

    def admit(self, job: T, workers: int) -> None:
        """Queue a job.

        Raises:
            Overloaded: the queue is full; `retry_after` is the time it needs to empty.
        """
        if len(self._queue) >= self._capacity:
            wait = len(self._queue) * self._seconds_per_job / workers
            raise Overloaded(
                f"the queue is full ({self._capacity} jobs wait): try again in {wait:.1f} s",
                retry_after=wait,
            )
        self._queue.append(job)

    def pick(self, now: float, *, rows: int, workers: int) -> Picked[T]:
        """Take the next jobs that somebody still waits for and that are not late.

        Args:
            now: the time on the caller's clock.
            rows: most texts to take together; a single job may hold more.
            workers: who shares the queue, so that none takes more than its part of it.
        """
        most = min(rows, -(-len(self._queue) // workers))
        jobs: list[T] = []
        expired: list[T] = []
        taken = 0
        while self._queue and (not jobs or taken + self._queue[0].rows <= most):
            job = self._queue.popleft()
            if job.abandoned:
                continue
            if job.deadline <= now:
                expired.append(job)
                continue
            jobs.append(job)
            taken += job.rows
        return Picked(jobs, expired)

    def ran(self, seconds: float) -> None:
        """Learn how long a job takes, for `retry_after`."""
        self._seconds_per_job += 0.05 * (seconds - self._seconds_per_job)
