"""The ASGI application: find the route, let it pass or not, run the handler, send the answer."""

from __future__ import annotations

import asyncio
import os
import re
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from cuebox.api.body import read_body
from cuebox.api.errors import error_response, public_error
from cuebox.api.messages import BODYLESS, CONNECTION, LEFT, Request, Response
from cuebox.core.errors import Cancelled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from cuebox.api.access import AccessLog
    from cuebox.api.gate import Gate
    from cuebox.api.messages import Pieces, Receive, Scope, Send
    from cuebox.api.ports import ModelService
    from cuebox.api.routing import Router
    from cuebox.serving.requests import Timings

__all__ = ["Application"]

T = TypeVar("T")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_CLIENT_LEFT = 499
_TIMING = b"queue;dur=%.2f, tokenize;dur=%.2f, cache;dur=%.3f, encode;dur=%.2f, head;dur=%.2f"


class Application:
    """One instance per process; `__call__` is the whole of ASGI that it speaks.

    Attributes:
        draining: set at SIGTERM: readiness is gone while requests are still answered.
    """

    def __init__(
        self,
        service: ModelService,
        router: Router,
        gate: Gate,
        access: AccessLog,
        *,
        max_body_bytes: int,
    ) -> None:
        self.service = service
        self.draining = False
        self._find = router.find
        self._allowed = router.allowed
        self._admit = gate.admit
        self._access = access
        self._max_body_bytes = max_body_bytes
        self._id_prefix = os.urandom(6).hex().encode() + b"-"
        self._numbers = count(1)
        self._in_flight = 0
        service.metrics.gauge("cuebox_http_requests_in_flight", lambda: float(self._in_flight))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        request = Request(scope, receive, self.service, perf_counter())
        request.draining = self.draining
        request.id = self._request_id(request.headers)
        self._in_flight += 1
        try:
            await self._serve(request, send)
        finally:
            self._in_flight -= 1

    async def _serve(self, request: Request, send: Send) -> None:
        try:
            response = await self._answer(request)
        except (Exception, asyncio.CancelledError) as error:
            reported = self._report(request, error)
            if reported is None:
                return
            response = reported
        try:
            await self._send(request, response, send)
        except asyncio.CancelledError:
            if request.abandoned() is None:
                raise
            self._gone(request)
        finally:
            if response.pieces is not None:
                await response.pieces.aclose()

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        route, request.path_params = self._find(scope["method"], scope["path"])
        request.route = route
        self._admit(request, route)
        if route.takes_body:
            request.body = await read_body(request, self._max_body_bytes)
        if CONNECTION in scope:
            return await route.handler(request)
        return await _while_connected(request, route.handler(request))

    def _report(self, request: Request, error: BaseException) -> Response | None:
        """The answer that tells of `error`; None when nobody is left to read it."""
        if isinstance(error, asyncio.CancelledError):
            error = request.abandoned() or Unavailable("the server is stopping")
        if isinstance(error, Cancelled):
            self._gone(request)
            return None
        error = public_error(error, request.id)
        path: str = request.scope["path"]
        if request.scope["method"] == "OPTIONS" and (allowed := self._allowed(path)):
            return Response(status=204, headers=[(b"allow", ", ".join(allowed).encode())])
        route = request.route
        dialect = route.dialect if route else "oip" if path.startswith("/v2") else "openai"
        return error_response(error, dialect)

    async def _send(self, request: Request, response: Response, send: Send) -> None:
        total = perf_counter() - request.started
        body, pieces = response.body, response.pieces
        headers = [
            (b"content-type", response.content_type),
            (b"x-request-id", request.id.encode()),
            (
                b"server-timing",
                b"%s, total;dur=%.2f" % (response.timing or _timing(request.timings), total * 1e3),
            ),
            (b"cache-control", response.cache),
            *request.rate_headers,
            *response.headers,
        ]
        if pieces is None and response.status not in BODYLESS:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if pieces is not None:
            sending = _send_pieces(pieces, send)
            await (sending if CONNECTION in request.scope else _while_connected(request, sending))
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self._access.record(request, response.status, perf_counter() - request.started)

    def _gone(self, request: Request) -> None:
        self._access.record(request, _CLIENT_LEFT, perf_counter() - request.started)

    def _request_id(self, headers: dict[bytes, bytes]) -> str:
        given = headers.get(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        return (self._id_prefix + b"%x" % next(self._numbers)).decode("ascii")


def _timing(t: Timings) -> bytes:
    times = (t.queue * 1e3, t.tokenize * 1e3, t.cache * 1e3, t.encode * 1e3, t.head * 1e3)
    return _TIMING % times


async def _send_pieces(pieces: Pieces, send: Send) -> None:
    async for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _while_connected(request: Request, work: Awaitable[T]) -> T:
    """Await `work` under an ASGI server that only tells on `receive` that a client left."""
    task = asyncio.current_task()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        request.scope[LEFT] = Cancelled("the client left")
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        return await work
    finally:
        watcher.cancel()


async def _other(scope: Scope, receive: Receive, send: Send) -> None:
    """Lifespan is acknowledged, for other ASGI servers; a web socket is refused."""
    if scope["type"] != "lifespan":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message: dict[str, Any] = dict(await receive())
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
