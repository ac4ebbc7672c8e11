"""`GET /v1/monitor/{window}`: what the server did in the last hour, or since it started."""

from __future__ import annotations

import asyncio
from functools import partial
from time import time
from typing import TYPE_CHECKING, get_args

import msgspec

from cuebox.api.messages import Request, Response
from cuebox.api.monitor import Monitor, Window
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from cuebox.serving.metrics import Snapshot

__all__ = ["monitor_routes"]

_encode = msgspec.json.Encoder().encode
_windows: tuple[Window, ...] = get_args(Window)


def monitor_routes(
    snapshot: Callable[[], Snapshot], history: Callable[[], bytes], counted: Collection[str]
) -> tuple[Route, ...]:
    """The route.

    Args:
        snapshot: the counters of all workers.
        history: what was counted when, as `Recorder.encode` makes it.
        counted: paths of the routes whose requests count.
    """

    async def handle(request: Request) -> Response:
        asked = request.path_params["window"]
        window = next((each for each in _windows if each == asked), None)
        if window is None:
            raise InvalidRequest(
                f"{asked[:80]!r} is no window: ask for {' or '.join(_windows)}", param="window"
            )
        make = partial(
            _monitor,
            window,
            history(),
            snapshot(),
            {info.name: info.kind for info in request.service.models()},
            counted,
        )
        return Response(await asyncio.to_thread(make))

    return (
        Route(
            method="GET",
            path="/v1/monitor/{window}",
            handler=handle,
            scope="metrics",
            operation=Operation(
                summary="What the server did in the last `hour`, or since its `start`",
                tag="Health",
                description=(
                    "Requests, errors, percentiles of each phase and figures of each model, in "
                    "all and over time, from the counters of `/metrics` of all workers. The "
                    "server keeps them whether anybody looks or not. Percentiles are "
                    "interpolated within the buckets of the histograms."
                ),
                response=Monitor,
            ),
        ),
    )


def _monitor(
    window: Window,
    history: bytes,
    snapshot: Snapshot,
    kinds: dict[str, str],
    counted: Collection[str],
) -> bytes:
    from cuebox.api.monitor_view import monitor
    from cuebox.serving.history import History

    return _encode(
        monitor(
            window,
            msgspec.msgpack.decode(history, type=History),
            snapshot,
            now=time(),
            routes=counted,
            kinds=kinds,
        )
    )
