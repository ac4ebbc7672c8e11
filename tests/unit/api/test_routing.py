from __future__ import annotations

import pytest

from cuebox.api.errors import MethodNotAllowed
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route, Router
from cuebox.core.errors import NotFound


async def _handler(_request: Request) -> Response:
    return Response()


def _route(method: str, path: str) -> Route:
    operation = Operation(summary="", tag="")
    return Route(method=method, path=path, handler=_handler, operation=operation)


ROUTER = Router(
    [
        _route("GET", "/things"),
        _route("POST", "/things"),
        _route("GET", "/things/{name}"),
        _route("POST", "/things/{name}/do"),
        _route("GET", "/things/{name}/parts/{part}"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "template", "params"),
    [
        ("GET", "/things", "/things", {}),
        ("POST", "/things", "/things", {}),
        ("HEAD", "/things", "/things", {}),
        ("GET", "/things/a", "/things/{name}", {"name": "a"}),
        ("HEAD", "/things/a", "/things/{name}", {"name": "a"}),
        ("POST", "/things/a/do", "/things/{name}/do", {"name": "a"}),
        ("GET", "/things/a/parts/b", "/things/{name}/parts/{part}", {"name": "a", "part": "b"}),
    ],
)
def test_found(method: str, path: str, template: str, params: dict[str, str]) -> None:
    route, found = ROUTER.find(method, path)
    assert (route.path, found) == (template, params)


@pytest.mark.parametrize("path", ["/", "", "/thing", "/things/", "/things//do", "/things/a/b/c/d"])
def test_unknown_path(path: str) -> None:
    with pytest.raises(NotFound):
        ROUTER.find("GET", path)
    assert ROUTER.allowed(path) == []


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/things", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/things/a", "GET, HEAD, OPTIONS"),
        ("GET", "/things/a/do", "OPTIONS, POST"),
        ("HEAD", "/things/a/do", "OPTIONS, POST"),
    ],
)
def test_wrong_method_says_what_is_allowed(method: str, path: str, allow: str) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        ROUTER.find(method, path)
    assert caught.value.allow == allow
