"""The ASGI application: find the route, let it pass or not, run the handler, send the answer."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any

from cuebox.api.body import read_body
from cuebox.api.errors import error_response
from cuebox.api.messages import Request, Response
from cuebox.core.errors import Cancelled, CueboxError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from cuebox.api.access import AccessLog
    from cuebox.api.gate import Gate
    from cuebox.api.messages import Receive, Scope, Send
    from cuebox.api.ports import ModelService
    from cuebox.api.routing import Router

__all__ = ["CONNECTION", "Application"]

# Scope key under which our protocol leaves itself; other ASGI servers have none.
CONNECTION = "cuebox.connection"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_NO_STORE = (b"cache-control", b"no-store")
_CLIENT_LEFT = 499

logger = logging.getLogger("cuebox.api")


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        request = Request(scope, receive, self.service, perf_counter())
        request.draining = self.draining
        request.id = self._request_id(request.headers)
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
            if _why_abandoned(scope) is None:
                raise
            self._gone(request)

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
            error = _why_abandoned(request.scope) or Unavailable("the server is stopping")
        if isinstance(error, Cancelled):
            self._gone(request)
            return None
        if not isinstance(error, CueboxError):
            logger.error(
                "request %s failed", request.id, exc_info=error, extra={"request_id": request.id}
            )
            error = CueboxError(f"internal error; the log has it under {request.id}")
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
            (b"server-timing", _server_timing(request, total)),
            _NO_STORE,
            *request.rate_headers,
            *response.headers,
        ]
        if pieces is None:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if pieces is not None:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self._access.record(request, response.status, perf_counter() - request.started)

    def _gone(self, request: Request) -> None:
        self._access.record(request, _CLIENT_LEFT, perf_counter() - request.started)

    def _request_id(self, headers: dict[bytes, bytes]) -> str:
        given = headers.get(b"x-request-id")
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        return (self._id_prefix + b"%x" % next(self._numbers)).decode("ascii")


def _server_timing(request: Request, total: float) -> bytes:
    t = request.timings
    return (
        b"queue;dur=%.2f, tokenize;dur=%.2f, cache;dur=%.3f, encode;dur=%.2f, head;dur=%.2f, "
        b"total;dur=%.2f"
        % (
            t.queue * 1e3,
            t.tokenize * 1e3,
            t.cache * 1e3,
            t.encode * 1e3,
            t.head * 1e3,
            total * 1e3,
        )
    )


def _why_abandoned(scope: Scope) -> CueboxError | None:
    """Why the protocol cancelled this request; None when somebody else did."""
    connection = scope.get(CONNECTION)
    reason: CueboxError | None = connection.abandoned if connection else scope.get("cuebox.left")
    task = asyncio.current_task()
    if reason is not None and task is not None:
        task.uncancel()
    return reason


async def _while_connected(request: Request, answer: Awaitable[Response]) -> Response:
    """Await the handler under an ASGI server that only tells on `receive` that a client left."""
    task = asyncio.current_task()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        request.scope["cuebox.left"] = Cancelled("the client left")
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        return await answer
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
