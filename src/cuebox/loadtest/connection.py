"""One keep-alive HTTP/1.1 connection with at most one request in flight."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BROKEN_STREAM", "Connection"]

# Stands for the status of server-sent events that began well and did not come to their end.
BROKEN_STREAM = -1

_EVENT = b"data: "
_LAST_EVENT = b"data: [DONE]\n\n"


class Connection(asyncio.Protocol):
    """Sends prepared bytes and calls back with the status of the answer.

    Callbacks instead of futures, and the C parser of httptools, keep the generator's own cost at
    some tens of microseconds a request, so that it measures the server and not itself.

    Args:
        done: called with the connection, the status (0 when the connection broke with a request
            in flight, or `BROKEN_STREAM`), and the number of body bytes.

    Attributes:
        first_at: when the first byte of the last answer's body came, on `perf_counter`.
    """

    def __init__(self, done: Callable[[Connection, int, int], None]) -> None:
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = 0
        self._events = False
        self._tail = b""
        self.in_flight = False
        self.sent_at = 0.0
        self.first_at = 0.0
        self.due_at = 0.0
        self.counted = False

    @property
    def open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, *, now: float, due: float, counted: bool) -> None:
        """Send one request; `due` is when it should have been sent, on the caller's clock.

        `counted` says whether it belongs to the measured time.
        """
        if self._transport is None:
            raise ConnectionError("not connected")
        self.in_flight = True
        self.sent_at = now
        self.due_at = due
        self.counted = counted
        self._body = 0
        self._events = False
        self._transport.write(request)

    def abort(self) -> None:
        """Break the connection; a request in flight counts as failed."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        if isinstance(transport, asyncio.Transport) or hasattr(transport, "write"):
            self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Called by asyncio."""
        self._transport = None
        if self.in_flight:
            self.in_flight = False
            self._done(self, 0, self._body)

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if not self._body:
            self.first_at = perf_counter()
            self._events = data.startswith(_EVENT)
            self._tail = b""
        self._body += len(data)
        if self._events:
            self._tail = (self._tail + data)[-len(_LAST_EVENT) :]

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if not self._parser.should_keep_alive() and self._transport is not None:
            self._transport.close()
        self.in_flight = False
        if not self._body:
            self.first_at = perf_counter()
        whole = not self._events or self._tail == _LAST_EVENT
        self._done(self, self._parser.get_status_code() if whole else BROKEN_STREAM, self._body)
