"""`/v1/admin`: what is published, and moving aliases while serving."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Handler, Operation, Route
from cuebox.core.errors import (
    Conflict,
    InvalidRequest,
    StoreError,
    Unavailable,
    UnknownModel,
    VersionNotFound,
)
from cuebox.core.manifest import AliasRecord, check_name, version_key
from cuebox.serving.requests import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.ports import ModelStore

__all__ = ["admin_routes"]

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

Reason = Annotated[str, msgspec.Meta(max_length=1000)]


class Published(msgspec.Struct, kw_only=True):
    """A model in the store.

    Attributes:
        serving: the version this process answers with; None when it does not serve the model.
        aliases: alias to its record in force.
        history: alias to every move, oldest first.
    """

    name: str
    serving: str | None
    versions: list[str]
    aliases: dict[str, AliasRecord]
    history: dict[str, list[AliasRecord]]


class PublishedNames(msgspec.Struct):
    """Every model in the store."""

    data: list[str]


class Promote(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Point an alias at a version.

    Attributes:
        version: the version to serve; or
        alias: the alias whose version to take over, such as `candidate`.
        to: the alias to move.
        reason: kept in the alias's history.
        expected: refuse with 409 unless the record in force has this number.
    """

    version: str | None = None
    alias: str | None = None
    to: str = "production"
    reason: Reason = ""
    expected: int | None = None


class MoveBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Roll an alias back, or retire it.

    Attributes:
        reason: kept in the alias's history.
        expected: refuse with 409 unless the record in force has this number.
    """

    alias: str = "production"
    reason: Reason = ""
    expected: int | None = None


class Moved(msgspec.Struct):
    """The record that was written, and the server's state after it looked at the store."""

    record: AliasRecord
    readiness: Readiness


_promote_decoder = msgspec.json.Decoder(Promote)
_back_decoder = msgspec.json.Decoder(MoveBack)


async def _names(request: Request) -> Response:
    return Response(_encode(PublishedNames(await asyncio.to_thread(request.service.store.names))))


async def _describe(request: Request) -> Response:
    name = _model(request)
    serving = {info.name: info.version for info in request.service.models()}.get(name)

    def read(store: ModelStore) -> Published:
        versions = store.versions(name)
        if not versions:
            raise UnknownModel(f"the store has no model {name!r}", param="model")
        aliases = store.aliases(name)
        return Published(
            name=name,
            serving=serving,
            versions=versions,
            aliases=aliases,
            history={alias: store.history(name, alias) for alias in aliases},
        )

    return Response(_encode(await asyncio.to_thread(read, request.service.store)))


async def _promote(request: Request) -> Response:
    from cuebox.store import resolve_version

    asked = _decode(_promote_decoder, request)
    name = _model(request)
    if (asked.version is None) == (asked.alias is None):
        raise InvalidRequest("give either `version` or `alias`", param="version")
    if asked.version is not None:
        version_key(asked.version)
    selector = asked.version or check_name(asked.alias or "", param="alias")
    check_name(asked.to, param="to")

    def move(store: ModelStore) -> AliasRecord:
        _, version = resolve_version(store, f"{name}@{selector}")
        return store.move_alias(
            name,
            asked.to,
            version,
            actor=_actor(request),
            reason=asked.reason,
            expected=asked.expected,
        )

    return await _moved(request, move)


async def _rollback(request: Request) -> Response:
    from cuebox.store import rollback

    asked = _decode(_back_decoder, request)
    name = _model(request)
    alias = check_name(asked.alias, param="alias")

    def move(store: ModelStore) -> AliasRecord:
        return rollback(
            store,
            name,
            alias,
            actor=_actor(request),
            reason=asked.reason,
            expected=asked.expected,
        )

    return await _moved(request, move)


async def _retire(request: Request) -> Response:
    from cuebox.store import resolve_version

    asked = _decode(_back_decoder, request)
    name = _model(request)
    alias = check_name(asked.alias, param="alias")

    def move(store: ModelStore) -> AliasRecord:
        resolve_version(store, f"{name}@{alias}")
        return store.move_alias(
            name,
            alias,
            None,
            actor=_actor(request),
            reason=asked.reason,
            expected=asked.expected,
        )

    return await _moved(request, move)


async def _reload(request: Request) -> Response:
    return Response(_encode(await request.service.reload()))


async def _moved(request: Request, move: Callable[[ModelStore], AliasRecord]) -> Response:
    record = await asyncio.to_thread(move, request.service.store)
    return Response(_encode(Moved(record, await request.service.reload())))


def _telling(handler: Handler, reloaded: Callable[[], None]) -> Handler:
    """The handler, followed by word to the other workers."""

    async def handle(request: Request) -> Response:
        response = await handler(request)
        reloaded()
        return response

    return handle


def _decode(decoder: msgspec.json.Decoder[T], request: Request) -> T:
    """The body; an empty one is an object without fields."""
    check_json(request)
    return decode_json(decoder, request.body or b"{}")


def _model(request: Request) -> str:
    request.model = request.path_params["model"]
    return check_name(request.model, param="model")


def _actor(request: Request) -> str:
    return request.key.name if request.key else "local"


def _operation(summary: str, request: type | None = None, response: type = Moved) -> Operation:
    return Operation(
        summary=summary,
        tag="Admin",
        request=request,
        response=response,
        errors=(UnknownModel, VersionNotFound, Conflict, StoreError, Unavailable),
    )


def admin_routes(reloaded: Callable[[], None]) -> tuple[Route, ...]:
    """The routes; `reloaded` is called after each that made the service look at the store."""
    return tuple(
        msgspec.structs.replace(route, handler=_telling(route.handler, reloaded))
        if route.method == "POST"
        else route
        for route in _ROUTES
    )


_ROUTES = (
    Route(
        method="GET",
        path="/v1/admin/models",
        handler=_names,
        scope="admin",
        operation=_operation("Names of all published models", response=PublishedNames),
    ),
    Route(
        method="GET",
        path="/v1/admin/models/{model}",
        handler=_describe,
        scope="admin",
        operation=_operation("Versions, aliases and history of a model", response=Published),
    ),
    Route(
        method="POST",
        path="/v1/admin/models/{model}/promote",
        handler=_promote,
        scope="admin",
        takes_body=True,
        operation=_operation("Point an alias at a version, and serve it", Promote),
    ),
    Route(
        method="POST",
        path="/v1/admin/models/{model}/rollback",
        handler=_rollback,
        scope="admin",
        takes_body=True,
        operation=_operation("Move an alias back to the version before", MoveBack),
    ),
    Route(
        method="POST",
        path="/v1/admin/models/{model}/retire",
        handler=_retire,
        scope="admin",
        takes_body=True,
        operation=_operation("Take a model out of service", MoveBack),
    ),
    Route(
        method="POST",
        path="/v1/admin/reload",
        handler=_reload,
        scope="admin",
        takes_body=True,
        operation=_operation("Look at the store now", response=Readiness),
    ),
)
