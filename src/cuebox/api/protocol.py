"""uvicorn's HTTP/1.1 protocol, with bounds on time and bytes, and news of clients that left.

uvicorn on httptools keeps half-sent requests open for ever, buffers headers of any size and tells
a handler that its client left only while it awaits `receive`. Here every connection has a
deadline that one sweep for all of them checks (no timer per request), and the task of a request
is cancelled when its client leaves.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cuebox.api.cycle import Cycle
from cuebox.api.errors import (
    HeadersTooLarge,
    RequestTimeout,
    TooManyConnections,
    error_response,
    status_line,
)
from cuebox.api.messages import CONNECTION
from cuebox.core.errors import Cancelled, CueboxError, InvalidRequest

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from cuebox.api.settings import LimitSettings

__all__ = ["Connection", "connection_class"]

_NEVER = float("inf")
_LINGER_SECONDS = 5.0

logger = logging.getLogger("cuebox.api")


class Connection(HttpToolsProtocol):
    """One client connection.

    Attributes:
        abandoned: why the running request was cancelled; the application asks.
        deadline: when the sweep acts on this connection, on the clock of `time.monotonic`.
        phase: what is awaited: the `head` of a request, its `body`, the handler (`busy`), or
            nothing (`idle`); in `drain` the rest of a rejected body is read and forgotten.
        draining: whether every answer closes its connection; set on the class at shutdown.
    """

    limits: LimitSettings
    draining = False
    abandoned: CueboxError | None = None
    phase: Literal["head", "body", "busy", "drain", "idle"] = "idle"
    running: RequestResponseCycle | None = None
    running_task: asyncio.Task[None] | None = None
    deadline: float
    head_bytes: int = 0
    drained_bytes: int = 0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept, unless there are too many already."""
        super().connection_made(transport)
        self.phase = "head"
        self.deadline = monotonic() + self.limits.header_timeout
        if len(self.connections) > self.limits.max_connections:
            self._refuse(TooManyConnections("too many open connections", retry_after=1))

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what runs for the client that left."""
        super().connection_lost(exc)
        self.deadline = _NEVER
        self.pipeline.clear()
        cycle = self.running
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            self._cancel(Cancelled("the client left"))
        self.running = self.running_task = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser, within the bound on headers."""
        if self.phase == "idle":
            self.phase = "head"
            self.deadline = monotonic() + self.limits.header_timeout
        self.head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_as_http(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError as error:
            if not self.transport.is_closing():
                self._refuse(_parser_error(error))
            return
        if self.head_bytes > self.limits.max_header_bytes and self.phase in ("head", "busy"):
            self._refuse(self._headers_too_large())

    def on_message_begin(self) -> None:
        """Leave a way from the application back to this connection."""
        super().on_message_begin()
        self.scope[CONNECTION] = self  # type: ignore[literal-required]

    def on_headers_complete(self) -> None:
        """Start the request and its body's clock."""
        limits = self.limits
        if self.transport.is_closing() or self.parser.should_upgrade():
            return
        if (
            self.head_bytes > limits.max_header_bytes
            and self._head_size() > limits.max_header_bytes
        ):
            raise _HeadTooLarge
        if len(self.pipeline) >= limits.max_pipelined:
            raise _TooManyPipelined
        try:
            self._finish_scope()
        except (ValueError, AttributeError, httptools.HttpParserInvalidURLError) as error:
            raise _BadTarget from error
        before, self.cycle = self.cycle, self._new_cycle()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        if self.cycle is self.running:
            self.phase = "body"
            self.deadline = monotonic() + limits.body_timeout

    def _finish_scope(self) -> None:
        parser, scope = self.parser, self.scope
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = parser.get_http_version()
        target = httptools.parse_url(self.url)
        path = target.path.decode("ascii")
        scope["raw_path"] = target.path
        scope["path"] = unquote(path) if "%" in path else path
        scope["query_string"] = target.query or b""

    def _new_cycle(self) -> Cycle:
        parser = self.parser
        return Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Collect; what arrives earns the client more time."""
        super().on_body(body)
        self.deadline += len(body) / self.limits.min_body_rate
        if self.cycle.response_complete:
            self.drained_bytes += len(body)
            if self.drained_bytes > 4 * self.limits.max_body_bytes:
                self.transport.abort()

    def on_message_complete(self) -> None:
        """The request is whole: from here on the handler's deadline counts."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self.head_bytes = 0
        if self.cycle.response_complete:
            self._rest()
        elif self.cycle is self.running:
            self.phase = "busy"
            self.deadline = _NEVER

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        self.abandoned = None
        self.running = cycle
        if self.draining:
            cycle.keep_alive = False
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self.running_task = task

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or rest; a rejected body is read to its end."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self.deadline = monotonic() + self.limits.write_timeout
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            if cycle.more_body:
                self.phase, self.deadline = "body", monotonic() + self.limits.body_timeout
            else:
                self.phase, self.deadline = "busy", _NEVER
        elif self.cycle.more_body:
            # Closing now would reset the connection and could lose the answer on its way.
            self.drained_bytes = 0
            self.phase, self.deadline = "drain", monotonic() + _LINGER_SECONDS
        else:
            self._rest()

    def pause_writing(self) -> None:
        """The client does not read: it has a while to begin."""
        super().pause_writing()
        self.deadline = min(self.deadline, monotonic() + self.limits.write_timeout)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self.phase == "busy":
            self.deadline = _NEVER

    def shutdown(self) -> None:
        """Close when idle, else after the running request."""
        if self.running is None or self.running.response_complete:
            self.transport.close()
        else:
            self.running.keep_alive = False

    def sweep(self, now: float) -> None:
        """Act if the deadline has passed."""
        if now < self.deadline:
            return
        self.deadline = now + self.limits.write_timeout
        if self.transport.is_closing() or self.flow.write_paused:
            self.transport.abort()
        elif self.phase == "idle" or (self.phase == "head" and not self.head_bytes):
            self.transport.close()
        elif self.phase == "head":
            self._refuse(RequestTimeout("the headers took too long"))
        elif self.phase == "body" and self.running is not None:
            self.running.keep_alive = False
            self._cancel(RequestTimeout("the body took too long"))
        else:
            self.transport.abort()

    def _go_on_as_http(self, rest: bytes) -> None:
        """Parse a request that offers an upgrade again, as one that does not.

        Some clients (Java's, for one) offer h2c with every first request, and RFC 9110 lets a
        server ignore it; but the parser takes what follows the headers for another protocol.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(InvalidRequest("this server is no proxy"))
            return
        kept = [
            b"%s: %s\r\n" % (name, value)
            for name, value in self.headers
            if name not in (b"upgrade", b"connection", b"http2-settings")
        ]
        self.parser = httptools.HttpRequestParser(self)
        head = b"%s %s HTTP/1.1\r\n%s\r\n" % (method, self.url, b"".join(kept))
        self.data_received(head + rest)

    def _rest(self) -> None:
        self.phase = "idle"
        self.deadline = monotonic() + self.limits.keep_alive

    def _cancel(self, reason: CueboxError) -> None:
        if self.running_task is not None and not self.running_task.done():
            self.abandoned = reason
            self.running_task.cancel()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _headers_too_large(self) -> HeadersTooLarge:
        return HeadersTooLarge(f"the headers are over {self.limits.max_header_bytes} bytes")

    def _refuse(self, error: CueboxError) -> None:
        """Answer without the application, and close.

        While another request of this connection is being answered nothing may be written in
        between: the connection then closes after that answer.
        """
        cycle = self.running
        self.deadline = monotonic() + self.limits.write_timeout
        if cycle is not None and not cycle.response_complete:
            self.pipeline.clear()
            cycle.keep_alive = False
            if not cycle.more_body or cycle.response_started:
                self.flow.pause_reading()
                return
            # Its own body is broken, so that it will never be whole.
            cycle.disconnected = True
            self._cancel(Cancelled("the body is not valid HTTP"))
        response = error_response(error, "openai")
        self.transport.write(
            b"%scontent-type: %s\r\ncontent-length: %d\r\ncache-control: no-store\r\n"
            b"connection: close\r\n\r\n%s"
            % (
                status_line(response.status),
                response.content_type,
                len(response.body),
                response.body,
            )
        )
        self.transport.close()


class _HeadTooLarge(Exception):
    """Raised out of the parser's callback."""


class _TooManyPipelined(Exception):
    """Raised out of the parser's callback."""


class _BadTarget(Exception):
    """Raised out of the parser's callback."""


def _parser_error(error: httptools.HttpParserError) -> CueboxError:
    cause = error.__context__
    if isinstance(cause, _HeadTooLarge):
        return HeadersTooLarge("the headers are too large")
    if isinstance(cause, _TooManyPipelined):
        return InvalidRequest("too many requests were sent ahead on one connection")
    if isinstance(cause, _BadTarget):
        return InvalidRequest("the request target is not a valid path")
    return InvalidRequest("this is not a valid HTTP/1.1 request")


def connection_class(bounds: LimitSettings) -> type[Connection]:
    """The protocol with its limits, as uvicorn wants a class."""

    class Limited(Connection):
        limits = bounds

    return Limited
