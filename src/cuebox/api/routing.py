"""Routes and how a path finds one.

The router is our own because there are some 30 routes and two questions: which handler, and
which methods would have been allowed. An exact path costs one dict lookup. Importing
`starlette.routing` for the same takes 20-25 ms of the 500 ms that a cold start may take: it brings
requests, form parsers, web sockets, anyio, `http.client` and `email`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from cuebox.api.errors import MethodNotAllowed
from cuebox.api.messages import Request, Response
from cuebox.core.errors import CueboxError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Handler", "Operation", "Route", "Router", "Scope"]

Handler = Callable[[Request], Awaitable[Response]]
Scope = Literal["predict", "metrics", "admin"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What `/openapi.json` says of a route.

    Attributes:
        request: type of the JSON body.
        response: type of the JSON answer; None when it is not JSON.
        content_type: of an answer that is not JSON.
        events: an example of the answer as server-sent events, where it can be had as such.
        errors: what the handler may raise besides the errors of every route.
        statuses: further success-like statuses, as 503 of a readiness probe.
        examples: name to a request body that works with the demo.
    """

    summary: str
    tag: str
    description: str = ""
    request: Any = None
    response: Any = None
    content_type: str = "application/json"
    events: str = ""
    errors: tuple[type[CueboxError], ...] = ()
    statuses: tuple[int, ...] = ()
    examples: dict[str, Any] = {}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path.

    Attributes:
        path: exact, or with `{name}` for one segment.
        scope: what an API key must allow; None leaves the route open.
        dialect: how its errors are written.
        takes_body: whether the body is read before the handler runs.
        private: whether who knows the address may see what it opens: it is then logged as `path`.
    """

    method: str
    path: str
    handler: Handler
    operation: Operation
    scope: Scope | None = "predict"
    dialect: Literal["openai", "oip"] = "openai"
    takes_body: bool = False
    private: bool = False


class Router:
    """Finds routes."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._exact: dict[tuple[str, str], Route] = {}
        self._templates: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            if "{" in route.path:
                parts = tuple(route.path.split("/"))
                self._templates.setdefault(len(parts), []).append((parts, route))
            else:
                self._exact[(route.method, route.path)] = route
                if route.method == "GET":
                    self._exact[("HEAD", route.path)] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the named parts of the path.

        Raises:
            NotFound: no route has this path.
            MethodNotAllowed: routes have it, with other methods.
        """
        route = self._exact.get((method, path))
        if route is not None:
            return route, {}
        wanted = "GET" if method == "HEAD" else method
        for candidate, params in self._matches(path):
            if candidate.method == wanted:
                return candidate, params
        allowed = self.allowed(path)
        if not allowed:
            raise NotFound(f"no route {path[:200]!r}: see /docs or /openapi.json")
        raise MethodNotAllowed(f"{path[:200]} answers {', '.join(allowed)}", allow=allowed)

    def allowed(self, path: str) -> list[str]:
        """Methods that a path answers, OPTIONS included; empty when it does not exist."""
        methods = {method for method, exact in self._exact if exact == path}
        methods.update(route.method for route, _ in self._matches(path))
        if not methods:
            return []
        if "GET" in methods:
            methods.add("HEAD")
        return sorted({*methods, "OPTIONS"})

    def _matches(self, path: str) -> list[tuple[Route, dict[str, str]]]:
        parts = path.split("/")
        found = []
        for pattern, route in self._templates.get(len(parts), ()):
            params = _match(pattern, parts)
            if params is not None:
                found.append((route, params))
        return found


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for expected, part in zip(pattern, parts, strict=True):
        if expected[:1] == "{":
            if not part:
                return None
            params[expected[1:-1]] = part
        elif expected != part:
            return None
    return params
