"""`/openapi.json` and the page that shows it, with nothing from outside this server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.messages import HTML, JSON, Request, Response
from cuebox.api.page_headers import page_headers
from cuebox.api.routing import Operation, Route

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["docs_routes"]

_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    b"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = list(page_headers(_POLICY))

_FILES = {
    "/docs": ("docs.html", HTML, "This documentation as a page"),
    "/docs/docs.css": ("docs.css", b"text/css; charset=utf-8", "The page's style"),
    "/docs/docs.js": ("docs.js", b"text/javascript; charset=utf-8", "The page's script"),
}


def docs_routes(document: Callable[[], object]) -> tuple[Route, ...]:
    """The document is made at its first request: making it takes longer than answering many."""
    encoded: list[bytes] = []

    async def openapi_json(_request: Request) -> Response:
        if not encoded:
            encoded.append(msgspec.json.encode(document()))
        return Response(encoded[0], content_type=JSON)

    return (
        Route(
            method="GET",
            path="/openapi.json",
            handler=openapi_json,
            scope=None,
            operation=Operation(
                summary="The OpenAPI document", tag="Documentation", response=dict[str, Any]
            ),
        ),
        *(_file_route(path, *file) for path, file in _FILES.items()),
    )


def _file_route(path: str, name: str, content_type: bytes, summary: str) -> Route:
    async def handler(_request: Request) -> Response:
        from cuebox.web import asset

        return Response(asset(name), content_type=content_type, headers=_PAGE_HEADERS)

    return Route(
        method="GET",
        path=path,
        handler=handler,
        scope=None,
        operation=Operation(
            summary=summary,
            tag="Documentation",
            content_type=content_type.partition(b";")[0].decode(),
        ),
    )
