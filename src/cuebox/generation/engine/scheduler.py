"""Who is served next: a bounded queue, fair between clients and their sessions; no clock, no I/O.

Clients take turns, and so do the sessions of a client; within a session it is first come, first
served. Whoever's turn it is waits until there is room for it, so that a large request is not
passed by small ones for ever; only a client over its share is passed over.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from cuebox.core.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.generation.settings import GenerationSettings

__all__ = ["Scheduled", "Scheduler"]

# How fast the mean time between two answers follows the latest.
_LEARNING = 0.05


class Scheduled(Protocol):
    """What the scheduler needs to know of a request."""

    @property
    def client(self) -> str:
        """Who shares the machine with the others."""
        ...

    @property
    def session(self) -> str:
        """Which of the client's sessions it belongs to."""
        ...

    @property
    def rows(self) -> int:
        """Most choices it generates at a time."""
        ...

    @property
    def blocks(self) -> int:
        """Most blocks it can need."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Tokens the model has to read first."""
        ...


T = TypeVar("T", bound=Scheduled)


class _Client(Generic[T]):
    """One client's waiting requests by session, in order of turn, and what it has running."""

    __slots__ = ("blocks", "rows", "sessions")

    def __init__(self) -> None:
        self.sessions: dict[str, deque[T]] = {}
        self.rows = 0
        self.blocks = 0

    @property
    def idle(self) -> bool:
        return not self.sessions and not self.rows


class Scheduler(Generic[T]):
    """The requests that wait, and how much of the machine each client uses."""

    def __init__(self, settings: GenerationSettings, blocks: int) -> None:
        self._settings = settings
        self._blocks = blocks
        self._clients: dict[str, _Client[T]] = {}
        self._seconds_per_request = 0.05
        self.rows = 0
        self.waiting = 0
        self.waiting_tokens = 0

    def admit(self, work: T) -> None:
        """Queue a request.

        Raises:
            Overloaded: too many requests or prompt tokens wait; `retry_after` is about the time
                until the queue is empty.
        """
        settings = self._settings
        tokens = self.waiting_tokens + work.prompt_tokens
        if self.waiting >= settings.max_waiting:
            raise self._overloaded(f"{self.waiting} requests")
        if self.waiting and tokens > settings.max_waiting_tokens:
            raise self._overloaded(f"{self.waiting_tokens} prompt tokens")
        client = self._clients.setdefault(work.client, _Client())
        client.sessions.setdefault(work.session, deque()).append(work)
        self.waiting += 1
        self.waiting_tokens = tokens

    def withdraw(self, work: T) -> None:
        """A waiting request is cancelled, superseded or late."""
        client = self._clients[work.client]
        queue = client.sessions[work.session]
        queue.remove(work)
        if not queue:
            del client.sessions[work.session]
        self._left_queue(work, client)

    def next(self, start: Callable[[T], bool]) -> T | None:
        """Start the request whose turn it is.

        Args:
            start: begins a request if the model has blocks for it now; False ends the search.

        Returns:
            What was started; None when nothing waits or can begin.
        """
        for name, client in list(self._clients.items()):
            if not client.sessions:
                continue
            session, queue = next(iter(client.sessions.items()))
            work = queue[0]
            if self._over_share(client, work):
                continue
            if self.rows + work.rows > self._settings.max_rows or not start(work):
                return None
            queue.popleft()
            # Both go to the end of their line.
            del client.sessions[session], self._clients[name]
            if queue:
                client.sessions[session] = queue
            self._clients[name] = client
            self._started(work, client)
            return work
        return None

    def ended(self, work: T) -> None:
        """A started request is over."""
        client = self._clients[work.client]
        client.rows -= work.rows
        client.blocks -= work.blocks
        self.rows -= work.rows
        if client.idle:
            del self._clients[work.client]

    def learn(self, seconds: float) -> None:
        """Learn the time between two answers under load, for `retry_after`."""
        self._seconds_per_request += _LEARNING * (seconds - self._seconds_per_request)

    def _over_share(self, client: _Client[T], work: T) -> bool:
        """Whether a client that has something running would hold too much with one more."""
        share = self._settings.client_share
        return client.rows > 0 and (
            client.rows + work.rows > share * self._settings.max_rows
            or client.blocks + work.blocks > share * self._blocks
        )

    def _started(self, work: T, client: _Client[T]) -> None:
        client.rows += work.rows
        client.blocks += work.blocks
        self.rows += work.rows
        self._left_queue(work, client)

    def _left_queue(self, work: T, client: _Client[T]) -> None:
        self.waiting -= 1
        self.waiting_tokens -= work.prompt_tokens
        if client.idle:
            del self._clients[work.client]

    def _overloaded(self, what: str) -> Overloaded:
        wait = self.waiting * self._seconds_per_request
        return Overloaded(
            f"the queue is full ({what} wait): try again in {wait:.1f} s", retry_after=wait
        )
