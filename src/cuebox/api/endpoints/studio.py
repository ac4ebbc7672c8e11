"""`/`: the studio, a page in which a person writes, replies, classifies and looks inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import NotFound

if TYPE_CHECKING:
    from cuebox.web.studio import StudioFile

__all__ = ["ROUTES"]

# Scripts and styles come from this server and from files only; the page may be framed by nobody,
# and frames nothing but this server's own pages (reports).
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self'; frame-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"accept-encoding"),
)
_PAGE_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    *_HEADERS,
)


async def _page(request: Request) -> Response:
    from cuebox.web.studio import studio_page

    response = _response(request, studio_page(), cache=b"no-cache")
    response.headers += _PAGE_HEADERS
    return response


async def _file(request: Request) -> Response:
    from cuebox.web.studio import studio_file

    found = studio_file(request.path_params["file"])
    # The name is a digest of the content.
    response = _response(request, found, cache=b"public, max-age=31536000, immutable")
    response.headers += _HEADERS
    return response


def _response(request: Request, file: StudioFile, *, cache: bytes) -> Response:
    accepted = request.headers.get(b"accept-encoding", b"")
    coding = {part.partition(b";")[0].strip().lower() for part in accepted.split(b",")}
    if b"gzip" in coding:
        return Response(
            file.packed,
            content_type=file.content_type,
            headers=[(b"content-encoding", b"gzip")],
            cache=cache,
        )
    return Response(file.content, content_type=file.content_type, cache=cache)


ROUTES = (
    Route(
        method="GET",
        path="/",
        handler=_page,
        scope=None,
        operation=Operation(summary="The studio", tag="Studio", content_type="text/html"),
    ),
    Route(
        method="GET",
        path="/assets/{file}",
        handler=_file,
        scope=None,
        operation=Operation(
            summary="A file that the studio loads",
            tag="Studio",
            content_type="text/javascript",
            errors=(NotFound,),
        ),
    ),
)
