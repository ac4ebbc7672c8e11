"""`/`: the studio, a page in which a person writes, replies, classifies and looks inside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cuebox.api.messages import Request, Response
from cuebox.api.page_headers import SAFE_HEADERS, page_headers
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
_VARY = (b"vary", b"accept-encoding")
# RFC 9110, section 12.4.2: what has the weight 0 is not acceptable.
_REFUSED = re.compile(rb"q\s*=\s*0(?:\.0{0,3})?")
_PAGE_HEADERS = (
    *page_headers(_POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
    _VARY,
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
    response.headers += (*SAFE_HEADERS, _VARY)
    return response


def _response(request: Request, file: StudioFile, *, cache: bytes) -> Response:
    if _takes_gzip(request.headers.get(b"accept-encoding", b"")):
        return Response(
            file.packed,
            content_type=file.content_type,
            headers=[(b"content-encoding", b"gzip")],
            cache=cache,
        )
    return Response(file.content, content_type=file.content_type, cache=cache)


def _takes_gzip(accepted: bytes) -> bool:
    """Whether an `Accept-Encoding` names gzip, with a weight that is not 0."""
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        if coding.strip() == b"gzip":
            return _REFUSED.fullmatch(weight.strip()) is None
    return False


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
