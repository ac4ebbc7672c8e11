"""One keep-alive HTTP/1.1 connection with at most one request in flight."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Connection"]


class Connection(asyncio.Protocol):
    """Sends prepared bytes and calls back with the status of the answer.

    Callbacks instead of futures, and the C parser of httptools, keep the generator's own cost at
    some tens of microseconds a request, so that it measures the server and not itself.

    Args:
        done: called with the connection, the status (0 when the connection broke with a request
            in flight), and the number of body bytes.
    """

    def __init__(self, done: Callable[[Connection, int, int], None]) -> None:
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = 0
        self.in_flight = False
        self.sent_at = 0.0
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
        self._body += len(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if not self._parser.should_keep_alive() and self._transport is not None:
            self._transport.close()
        self.in_flight = False
        self._done(self, self._parser.get_status_code(), self._body)
