"""The application put together: routes, gate, access log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.api.access import AccessLog
from cuebox.api.app import Application
from cuebox.api.endpoints import answers, classify, explain, feedback, oip, openai, studio, suggest
from cuebox.api.endpoints.admin import admin_routes
from cuebox.api.endpoints.completions import completion_routes
from cuebox.api.endpoints.docs import docs_routes
from cuebox.api.endpoints.health import health_routes
from cuebox.api.routing import Route, Router

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
) -> tuple[Route, ...]:
    """Every route, in the order of the documentation."""

    def document() -> object:
        from cuebox.api.openapi import openapi

        return openapi(routes, settings, service.settings)

    routes = (
        *classify.ROUTES,
        *explain.ROUTES,
        *completion_routes(settings.limits),
        *suggest.ROUTES,
        *feedback.ROUTES,
        *openai.ROUTES,
        *oip.ROUTES,
        *admin_routes(reloaded),
        *answers.ROUTES,
        *health_routes(snapshot),
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
) -> Application:
    """The ASGI application of one process.

    Args:
        snapshot: what `/metrics` shows; None for the metrics of this process alone.
        reloaded: called when an admin route made the service look at the store, so that
            other workers do as well.
    """
    routes = all_routes(service, settings, snapshot or service.metrics.snapshot, reloaded)
    return Application(
        service,
        Router(routes),
        gate,
        AccessLog(service.metrics, writer, settings.logs),
        max_body_bytes=settings.limits.max_body_bytes,
    )
