"""Liveness, readiness and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.api.exposition import CONTENT_TYPE, exposition
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.serving.requests import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.serving.metrics import Snapshot

__all__ = ["Live", "health_routes"]

_encode = msgspec.json.Encoder().encode


class Live(msgspec.Struct):
    """The process answers."""

    status: Literal["ok"] = "ok"


_LIVE = _encode(Live())


async def _live(_request: Request) -> Response:
    return Response(_LIVE)


async def _ready(request: Request) -> Response:
    readiness = request.readiness()
    if readiness.ready:
        return Response(_encode(readiness))
    return Response(_encode(readiness), status=503, headers=[(b"retry-after", b"1")])


def health_routes(snapshot: Callable[[], Snapshot]) -> tuple[Route, ...]:
    """Probes and `/metrics`; `snapshot` has the counters of all workers."""

    async def metrics(_request: Request) -> Response:
        return Response(exposition(snapshot()), content_type=CONTENT_TYPE)

    return (
        Route(
            method="GET",
            path="/health/live",
            handler=_live,
            scope=None,
            operation=Operation(summary="The process answers", tag="Health", response=Live),
        ),
        Route(
            method="GET",
            path="/health/ready",
            handler=_ready,
            scope=None,
            operation=Operation(
                summary="The server should get traffic",
                tag="Health",
                description=(
                    "200 once every configured model is loaded, has repeated its golden "
                    "examples and is warm; 503 with the reasons before that and while draining."
                ),
                response=Readiness,
                statuses=(503,),
            ),
        ),
        Route(
            method="GET",
            path="/metrics",
            handler=metrics,
            scope="metrics",
            operation=Operation(
                summary="Counters in Prometheus's text format",
                tag="Health",
                content_type="text/plain",
            ),
        ),
    )
