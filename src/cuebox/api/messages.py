"""A request as handlers see it, and the answer they return."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Protocol

from cuebox.core.errors import InvalidRequest
from cuebox.serving.requests import Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    from cuebox.api.keys import ApiKey
    from cuebox.api.ports import ModelService
    from cuebox.serving.requests import Readiness

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["BINARY", "HTML", "JSON", "TEXT", "Destination", "Request", "Response"]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
BINARY = b"application/octet-stream"


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
    """

    __slots__ = (
        "body",
        "draining",
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
    """An answer: a body, or the pieces of one that is too large to build at once."""

    __slots__ = ("body", "content_type", "headers", "pieces", "status")

    def __init__(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        content_type: bytes = JSON,
        headers: list[tuple[bytes, bytes]] | None = None,
        pieces: AsyncIterator[bytes] | None = None,
    ) -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers or []
        self.pieces = pieces
