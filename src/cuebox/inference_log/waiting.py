"""Records that wait for the writer thread: bounded in number and memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from cuebox.core.inference import SuggestionRecord

if TYPE_CHECKING:
    from cuebox.inference_log.sink import Record

__all__ = ["BATCH", "Waiting"]

BATCH = 500

# Python objects around a record, and around each suggestion in it.
_RECORD_BYTES = 600
_SHOWN_BYTES = 400

_HURRIED_SECONDS = 0.1


class Waiting:
    """A queue with one taker, which counts what became of everything put into it.

    A record waits until it was reported `written` or `refused`, so what the taker has in its
    hands still counts against the bounds. Safe to call from any thread; nothing but `take` and
    `pause` ever waits.
    """

    def __init__(self, *, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._queue: deque[Record] = deque()
        self._changed = threading.Condition()
        self._sizes: deque[int] = deque()  # of all that wait, those in the taker's hands first
        self._bytes = 0
        self._written = 0
        self._lost = 0
        self._closed = False
        self._abandoned = False

    def put(self, record: Record) -> None:
        """Let a record wait, or count it as lost where there is no room."""
        size = _size(record)
        with self._changed:
            full = len(self._sizes) >= self._max_records or self._bytes + size > self._max_bytes
            if self._closed or full:
                self._lost += 1
                return
            self._queue.append(record)
            self._sizes.append(size)
            self._bytes += size
            # The taker is woken by the first of a batch and by the last, not by those between.
            if len(self._queue) in {1, BATCH}:
                self._changed.notify_all()

    def take(self, *, linger: float, patience: float) -> list[Record]:
        """The oldest records, at most `BATCH`.

        Waits up to `patience` seconds for the first, then `linger` seconds for company, unless
        the queue is closed; empty when none came.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._queue or self._closed, patience):
                return []
            self._changed.wait_for(lambda: len(self._queue) >= BATCH or self._closed, linger)
            return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def written(self, count: int) -> None:
        """So many of those taken were written."""
        with self._changed:
            if not self._abandoned:
                self._forget(count)
                self._written += count

    def refused(self, count: int) -> None:
        """So many of those taken can never be written."""
        with self._changed:
            if not self._abandoned:
                self._forget(count)
                self._lost += count

    def pause(self, seconds: float) -> bool:
        """Wait before another try; less when closed, for the time to the end is short.

        Returns:
            Whether it is worth trying again: nothing was abandoned.
        """
        with self._changed:
            if not self._closed:
                self._changed.wait_for(lambda: self._closed, seconds)
            else:
                self._changed.wait_for(lambda: self._abandoned, min(seconds, _HURRIED_SECONDS))
            return not self._abandoned

    def close(self) -> None:
        """Nothing can be put any more; the taker hurries."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> int:
        """Give up on all that waits; how many that were."""
        with self._changed:
            left = len(self._sizes)
            self._closed = self._abandoned = True
            self._queue.clear()
            self._forget(left)
            self._lost += left
            self._changed.notify_all()
            return left

    @property
    def closed(self) -> bool:
        """Whether nothing can be put any more."""
        with self._changed:
            return self._closed

    @property
    def ended(self) -> bool:
        """Closed, and nothing waits."""
        with self._changed:
            return self._closed and not self._sizes

    def stats(self) -> dict[str, int]:
        """`written`, `waiting` and `lost` records since the start."""
        with self._changed:
            return {"written": self._written, "waiting": len(self._sizes), "lost": self._lost}

    def _forget(self, count: int) -> None:
        """Free the room of the oldest; the taker reports in the order it took."""
        for _ in range(count):
            self._bytes -= self._sizes.popleft()


def _size(record: Record) -> int:
    """Bytes of memory, nearly."""
    if not isinstance(record, SuggestionRecord):
        return _RECORD_BYTES + _width(record.text)
    shown = sum(_SHOWN_BYTES + _width(each.text) for each in record.shown)
    return _RECORD_BYTES + _width(record.conversation) + _width(record.draft) + shown


def _width(text: str) -> int:
    # A str holds 1, 2 or 4 bytes a character; 4 is the safe side for anything but ASCII.
    return len(text) if text.isascii() else 4 * len(text)
