"""A request as handlers see it, and the answer they return."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Protocol

from cuebox.core.errors import InvalidRequest
from cuebox.serving.requests import Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    from cuebox.api.keys import ApiKey
    from cuebox.api.ports import ModelService
    from cuebox.core.errors import CueboxError
    from cuebox.serving.requests import Readiness

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = [
    "BINARY",
    "BODYLESS",
    "CONNECTION",
    "EVENTS",
    "HTML",
    "JSON",
    "LEFT",
    "TEXT",
    "Destination",
    "Pieces",
    "Request",
    "Response",
]

# Scope key under which our protocol leaves itself; other ASGI servers have none.
CONNECTION = "cuebox.connection"
# Scope key of the error that cancels a request under those, once its client left.
LEFT = "cuebox.left"

JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
BINARY = b"application/octet-stream"

# Statuses whose answers have no body, so no length of one either; of a 304 it would be that of the
# whole answer.
BODYLESS = (204, 304)


class Destination(Protocol):
    """What is known of the route of a request once it is found."""

    @property
    def path(self) -> str:
        """The route's path, with `{names}`."""
        ...

    @property
    def dialect(self) -> Literal["openai", "oip"]:
        """How its errors are written."""
        ...

    @property
    def private(self) -> bool:
        """Whether an address of it is for nobody else's eyes."""
        ...


class Pieces(Protocol):
    """A body that is made while it is sent."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Itself."""
        ...

    async def __anext__(self) -> bytes:
        """The next piece."""
        ...

    async def aclose(self) -> None:
        """Nobody reads on: stop what makes the pieces; called after the last one as well."""
        ...


class Request:
    """One request.

    Attributes:
        headers: lower-case name to value; the last one of a repeated header counts.
        route: the route found for it; None before and where there is none.
        path_params: the named parts of the path.
        body: the whole body, read before the handler runs where the route takes one.
        key: the API key that was shown; None while authentication is off.
        timings: filled by the service, reported as `Server-Timing`.
        model: the model asked for, set by handlers for the access log.
        rows: how many inputs were sent, set by handlers for the access log.
        draining: whether the server was told to stop.
        failure: code of an error that came after the status was sent, for the access log.
    """

    __slots__ = (
        "body",
        "draining",
        "failure",
        "headers",
        "id",
        "key",
        "model",
        "path_params",
        "rate_headers",
        "receive",
        "route",
        "rows",
        "scope",
        "service",
        "started",
        "timings",
    )

    def __init__(
        self, scope: Scope, receive: Receive, service: ModelService, started: float
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.service = service
        self.started = started
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.route: Destination | None = None
        self.path_params: dict[str, str] = {}
        self.body = b""
        self.id = ""
        self.key: ApiKey | None = None
        self.rate_headers: tuple[tuple[bytes, bytes], ...] = ()
        self.timings = Timings()
        self.model: str | None = None
        self.rows = 0
        self.draining = False
        self.failure: str | None = None

    @property
    def client(self) -> str:
        """Who asks: the API key's id, or the peer's address where no key is asked for."""
        if self.key is not None:
            return f"key:{self.key.id}"
        peer = self.scope.get("client")
        return f"peer:{peer[0]}" if peer else "peer:"

    def abandoned(self) -> CueboxError | None:
        """Why the server cancelled this request's task; None when somebody else did.

        Asked by the cancelled task itself; where there is a reason the cancellation is over.
        """
        connection = self.scope.get(CONNECTION)
        reason: CueboxError | None = connection.abandoned if connection else self.scope.get(LEFT)
        task = asyncio.current_task()
        if reason is not None and task is not None:
            task.uncancel()
        return reason

    def readiness(self) -> Readiness:
        """The service's readiness, unless the server was told to stop."""
        readiness = self.service.readiness()
        if self.draining:
            readiness.ready, readiness.state = False, "draining"
        return readiness

    def deadline(self) -> float:
        """When the answer must be ready, on the clock of `time.monotonic`.

        The client may ask for less time than the server's own by `X-Request-Timeout-Ms`.

        Raises:
            InvalidRequest: the header is not a positive whole number.
        """
        limit = self.service.settings.request_timeout
        asked = self.headers.get(b"x-request-timeout-ms")
        if asked is not None:
            if not asked.isdigit() or len(asked) > 12 or int(asked) == 0:
                raise InvalidRequest(
                    "X-Request-Timeout-Ms must be a positive whole number of milliseconds",
                    param="X-Request-Timeout-Ms",
                )
            limit = min(limit, int(asked) / 1000)
        return monotonic() + limit


class Response:
    """An answer: a body, or the pieces of one that is not whole yet.

    Attributes:
        timing: entries of `Server-Timing`; empty for those of the request's `timings`.
        cache: value of `Cache-Control`.
    """

    __slots__ = ("body", "cache", "content_type", "headers", "pieces", "status", "timing")

    def __init__(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        content_type: bytes = JSON,
        headers: list[tuple[bytes, bytes]] | None = None,
        pieces: Pieces | None = None,
        timing: bytes = b"",
        cache: bytes = b"no-store",
    ) -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers or []
        self.pieces = pieces
        self.timing = timing
        self.cache = cache
