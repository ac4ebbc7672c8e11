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


T = TypeVar("T", bound=Item)


@dataclass(frozen=True, slots=True)
class Picked(Generic[T]):
    """One decision: the job to run, if any, and the jobs whose deadline passed meanwhile."""

    job: T | None
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

    def pick(self, now: float) -> Picked[T]:
        """Take the next job that somebody still waits for and that is not late."""
        expired: list[T] = []
        while self._queue:
            job = self._queue.popleft()
            if job.abandoned:
                continue
            if job.deadline <= now:
                expired.append(job)
                continue
            return Picked(job, expired)
        return Picked(None, expired)

    def ran(self, seconds: float) -> None:
        """Learn how long a job takes, for `retry_after`."""
        self._seconds_per_job += 0.05 * (seconds - self._seconds_per_job)
