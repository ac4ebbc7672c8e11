"""One request and its answer on a connection, written in one piece where it is small.

uvicorn writes head and body apart: two system calls, two packets and two wake-ups of the client
for every answer. It also checks every header against two regular expressions;
the application makes its headers itself and takes nothing into them that it has not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from cuebox.api.messages import BODYLESS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Cycle"]


class Cycle(RequestResponseCycle):
    """uvicorn's cycle with a `send` of its own; the head waits for the first piece of the body."""

    _head = b""
    _bodyless = False

    async def send(self, message: Any) -> None:  # noqa: ANN401 - as in ASGI
        """Take one message of the answer; nothing happens once the client has left."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self.response_started = True
            self.waiting_for_100_continue = False
            self._head = self._make_head(message["status"], message["headers"])
        elif not self.response_complete:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    def _make_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        lines = [STATUS_LINE[status]]
        length = None
        for name, value in (*self.default_headers, *headers):
            lines.append(b"%s: %s\r\n" % (name, value))
            if name == b"content-length":
                length = value
        self._bodyless = self.scope["method"] == "HEAD" or status in BODYLESS
        self.chunked_encoding = False
        if length is None and not self._bodyless:
            if self.scope["http_version"] == "1.1":
                self.chunked_encoding = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _write(self, body: bytes, *, more: bool) -> None:
        if self._bodyless:
            body = b""
        elif self.chunked_encoding:
            body = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            if not more:
                body += b"0\r\n\r\n"
        head, self._head = self._head, b""
        if head or body:
            self.transport.write(head + body)
        if more:
            return
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
