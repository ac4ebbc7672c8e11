"""The application put together: routes, gate, access log."""

from __future__ import annotations

import os
from time import monotonic, time
from typing import TYPE_CHECKING

from cuebox.api.access import AccessLog
from cuebox.api.app import Application
from cuebox.api.endpoints import answers, classify, explain, feedback, oip, openai, studio, suggest
from cuebox.api.endpoints.admin import admin_routes
from cuebox.api.endpoints.completions import completion_routes
from cuebox.api.endpoints.docs import docs_routes
from cuebox.api.endpoints.health import health_routes
from cuebox.api.endpoints.monitor import monitor_routes
from cuebox.api.endpoints.versions import version_routes
from cuebox.api.routing import Route, Router
from cuebox.serving.history import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.api.gate import Gate
    from cuebox.api.lines import LineWriter
    from cuebox.api.ports import ModelService
    from cuebox.api.settings import ServerSettings
    from cuebox.serving.metrics import Snapshot

__all__ = ["all_routes", "build_application"]


def all_routes(
    service: ModelService,
    settings: ServerSettings,
    snapshot: Callable[[], Snapshot],
    reloaded: Callable[[], None],
    *,
    history: Callable[[], bytes] | None = None,
    secret: Callable[[], bytes] = lambda: os.urandom(32),
    root: int | None = None,
) -> tuple[Route, ...]:
    """Every route, in the order of the documentation; see `build_application`."""

    def document() -> object:
        from cuebox.api.openapi import openapi

        return openapi(routes, settings, service.settings)

    answering = (
        *classify.ROUTES,
        *explain.ROUTES,
        *completion_routes(settings.limits),
        *suggest.ROUTES,
        *feedback.ROUTES,
        *openai.ROUTES,
        *oip.ROUTES,
    )
    counted = {route.path for route in answering if route.takes_body}
    routes = (
        *answering,
        *admin_routes(reloaded),
        *version_routes(secret, snapshot, root or os.getpid()),
        *answers.ROUTES,
        *health_routes(snapshot),
        *monitor_routes(snapshot, history or Recorder(time(), monotonic()).encode, counted),
        *docs_routes(document),
        *studio.ROUTES,
    )
    return routes


def build_application(
    service: ModelService,
    settings: ServerSettings,
    gate: Gate,
    writer: LineWriter,
    snapshot: Callable[[], Snapshot] | None = None,
    reloaded: Callable[[], None] = lambda: None,
    *,
    history: Callable[[], bytes] | None = None,
    secret: Callable[[], bytes] = lambda: os.urandom(32),
    root: int | None = None,
) -> Application:
    """The ASGI application of one process.

    Args:
        snapshot: what `/metrics` shows; None for the metrics of this process alone.
        reloaded: called when an admin route made the service look at the store, so that
            other workers do as well.
        history: what was counted when, see `Recorder`; None for nothing before now.
        secret: the key that all workers of this server sign links with.
        root: process id of the supervisor of several workers; None for a server by itself.
    """
    routes = all_routes(
        service,
        settings,
        snapshot or service.metrics.snapshot,
        reloaded,
        history=history,
        secret=secret,
        root=root,
    )
    return Application(
        service,
        Router(routes),
        gate,
        AccessLog(
            service.metrics,
            writer,
            settings.logs,
            private=[route.path.partition("{")[0] for route in routes if route.private],
        ),
        max_body_bytes=settings.limits.max_body_bytes,
    )
