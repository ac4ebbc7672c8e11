"""What is in the store and in memory, cards of versions, and links that open their reports."""

from __future__ import annotations

import asyncio
from time import time
from typing import TYPE_CHECKING

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.figures import FigureName, figure_names
from cuebox.api.memory import Memory, memory
from cuebox.api.messages import HTML, Request, Response
from cuebox.api.page_headers import page_headers
from cuebox.api.report_files import content_type, report_files
from cuebox.api.routing import Operation, Route
from cuebox.api.tickets import Ticket, Tickets
from cuebox.api.version_card import VersionCard, read_card
from cuebox.core.errors import (
    ModelError,
    NotFound,
    StoreError,
    UnknownModel,
    VersionNotFound,
)
from cuebox.core.manifest import check_name, version_key
from cuebox.store.contents import Contents, StoreContents

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.ports import ModelStore
    from cuebox.serving.metrics import Snapshot

__all__ = ["version_routes"]

# Long enough to open a page; who looks longer is given another link by the studio.
_SECONDS = 300

_encode = msgspec.json.Encoder().encode

# The page runs in an origin of its own, can reach nothing, and only the studio may frame it.
_POLICY = (
    b"sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
    b"script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'self'"
)
_REPORT_HEADERS = page_headers(_POLICY)


class StoreOverview(msgspec.Struct, kw_only=True):
    """Everything in the store, and what of it is served.

    Attributes:
        serving: reference (a name, or `name@alias`) to the version that this process answers with.
        figures: what all the metrics are called; the first that a version has stands for it.
    """

    contents: Contents
    serving: dict[str, str]
    figures: list[FigureName]


class OpenReport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ask for a link to a file of a version.

    Attributes:
        file: one of the card's `reports`; without it, the first of them.
    """

    file: str | None = None


class ReportLink(msgspec.Struct, kw_only=True):
    """A link that needs no API key.

    Attributes:
        url: path on this server.
        expires_in: seconds until it opens nothing.
    """

    file: str
    url: str
    expires_in: int


_report_decoder = msgspec.json.Decoder(OpenReport)


class _Versions:
    """The handlers, and what they remember of the store."""

    def __init__(
        self, secret: Callable[[], bytes], snapshot: Callable[[], Snapshot], root: int
    ) -> None:
        self._snapshot = snapshot
        self._root = root
        self._tickets = Tickets(secret)
        self._contents: StoreContents | None = None

    def contents(self, store: ModelStore) -> StoreContents:
        """What is remembered of the store; it is made when it is first asked for."""
        if self._contents is None:
            self._contents = StoreContents(store)
        return self._contents

    async def store(self, request: Request) -> Response:
        contents = self.contents(request.service.store)
        serving = {info.name: info.version for info in request.service.models()}

        def look() -> bytes:
            held = contents.look()
            names = {name for each in held.models for one in each.versions for name in one.metrics}
            figures = figure_names(names)
            return _encode(StoreOverview(contents=held, serving=serving, figures=figures))

        return Response(await asyncio.to_thread(look))

    async def memory(self, request: Request) -> Response:
        contents = self.contents(request.service.store)
        models, snapshot = request.service.models(), self._snapshot()

        def look() -> bytes:
            return _encode(memory(self._root, models, contents.look(), snapshot))

        return Response(await asyncio.to_thread(look))

    async def card(self, request: Request) -> Response:
        name, version = _asked(request)
        store = request.service.store
        contents = self.contents(store)
        return Response(
            await asyncio.to_thread(lambda: _encode(read_card(contents, store, name, version)))
        )

    async def link(self, request: Request) -> Response:
        name, version = _asked(request)
        check_json(request)
        wanted = decode_json(_report_decoder, request.body or b"{}").file
        store = request.service.store
        manifest = await asyncio.to_thread(store.manifest, name, version)
        files = [each.file for each in report_files(manifest)]
        if not files:
            raise NotFound(f"{name} {version} has no report")
        file = files[0] if wanted is None else wanted
        if file not in files:
            raise NotFound(
                f"{name} {version} has no report {file[:80]!r}: it has {', '.join(files[:20])}"
            )
        ticket = Ticket(name, version, file, int(time()) + _SECONDS)
        url = f"/reports/{self._tickets.sign(ticket)}"
        return Response(_encode(ReportLink(file=file, url=url, expires_in=_SECONDS)))

    async def report(self, request: Request) -> Response:
        try:
            return await self._opened(request)
        except (NotFound, VersionNotFound):
            # A person followed it, in a frame or a tab: JSON would say nothing to them.
            if b"text/html" not in request.headers.get(b"accept", b""):
                raise
            from cuebox.api.report_expired import expired_page

            page = expired_page(self._tickets.signed(request.path_params["ticket"]), _SECONDS)
            return Response(page, status=404, content_type=HTML, headers=list(_REPORT_HEADERS))

    async def _opened(self, request: Request) -> Response:
        ticket = self._tickets.read(request.path_params["ticket"], time())
        request.model = ticket.model
        store = request.service.store

        def read() -> bytes:
            manifest = store.manifest(ticket.model, ticket.version)
            if ticket.file not in {each.file for each in report_files(manifest)}:
                raise NotFound(f"{ticket.model} {ticket.version} has no such report any more")
            return store.read(manifest.files[ticket.file])

        body = await asyncio.to_thread(read)
        return Response(body, content_type=content_type(ticket.file), headers=list(_REPORT_HEADERS))


def _asked(request: Request) -> tuple[str, str]:
    request.model = request.path_params["model"]
    name = check_name(request.model, param="model")
    version = request.path_params["version"]
    version_key(version)
    return name, version


def version_routes(
    secret: Callable[[], bytes], snapshot: Callable[[], Snapshot], root: int
) -> tuple[Route, ...]:
    """The routes.

    Args:
        secret: signs links, and is the same in all workers of a server.
        snapshot: the counters of all workers.
        root: process id of the server, or of the supervisor of several.
    """
    handlers = _Versions(secret, snapshot, root)
    missing = (UnknownModel, VersionNotFound, ModelError, StoreError)
    return (
        Route(
            method="GET",
            path="/v1/admin/store",
            handler=handlers.store,
            scope="admin",
            operation=Operation(
                summary="Everything in the store at a glance",
                tag="Admin",
                description=(
                    "Every model with its versions, headline figures, aliases in force, and how "
                    "many bytes are its own or shared."
                ),
                response=StoreOverview,
                errors=(StoreError,),
            ),
        ),
        Route(
            method="GET",
            path="/v1/admin/memory",
            handler=handlers.memory,
            scope="admin",
            operation=Operation(
                summary="Memory in use, by process and by what is loaded",
                tag="Admin",
                response=Memory,
                errors=(StoreError,),
            ),
        ),
        Route(
            method="GET",
            path="/v1/admin/models/{model}/versions/{version}",
            handler=handlers.card,
            scope="admin",
            operation=Operation(
                summary="All that is known of one version",
                tag="Admin",
                response=VersionCard,
                errors=missing,
            ),
        ),
        Route(
            method="POST",
            path="/v1/admin/models/{model}/versions/{version}/report",
            handler=handlers.link,
            scope="admin",
            takes_body=True,
            operation=Operation(
                summary="A link to a version's report or picture",
                tag="Admin",
                description=(
                    "The link needs no API key, so that a frame or a new tab can open it, and "
                    f"opens nothing after {_SECONDS} seconds."
                ),
                request=OpenReport,
                response=ReportLink,
                errors=(*missing, NotFound),
            ),
        ),
        Route(
            method="GET",
            path="/reports/{ticket}",
            handler=handlers.report,
            scope=None,
            private=True,
            operation=Operation(
                summary="What a link opens",
                tag="Admin",
                description=(
                    "A page, a picture or a text, shut off from everything else. Who asks for "
                    "HTML is told by a page when the link opens nothing any more."
                ),
                content_type="text/html",
                errors=(*missing, NotFound),
            ),
        ),
    )
