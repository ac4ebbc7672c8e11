"""One line and a few counters per request."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import random
from time import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.api.lines import LineWriter
    from cuebox.api.messages import Request
    from cuebox.api.settings import LogSettings
    from cuebox.serving.metrics import Metrics

__all__ = ["AccessLine", "AccessLog", "trace_id"]

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class AccessLine(msgspec.Struct, omit_defaults=True):
    """An access line.

    Attributes:
        ms: the whole time in the server, in milliseconds.
        failure: code of an error that came after the status had been sent.
    """

    time: str
    method: str
    path: str
    status: int
    ms: float
    request_id: str
    event: str
    level: str
    failure: str | None = None
    model: str | None = None
    rows: int = 0
    key: str | None = None
    trace_id: str | None = None
    client: str | None = None


class AccessLog:
    """Counts every request; writes errors and a sample of the rest.

    Lines are put into a buffer that a thread empties, so a slow terminal or pipe never holds
    a request up.

    Args:
        private: beginnings of addresses that must not be written down, as `/reports/`.
    """

    def __init__(
        self,
        metrics: Metrics,
        writer: LineWriter,
        settings: LogSettings,
        private: Sequence[str] = (),
    ) -> None:
        self._metrics = metrics
        self._private = private
        self._write = writer.write
        self._sample = settings.access_sample
        self._as_text = writer.as_text
        self._encode = msgspec.json.Encoder().encode
        self._second = 0
        self._stamp = ""
        self._labels: dict[tuple[str, int], tuple[tuple[str, str], ...]] = {}
        self._routes: dict[str, tuple[tuple[str, str], ...]] = {}

    def record(self, request: Request, status: int, seconds: float) -> None:
        """Note one finished request."""
        path = request.route.path if request.route else "(none)"
        labels = self._labels.get((path, status))
        if labels is None:
            labels = self._labels[(path, status)] = (("route", path), ("status", str(status)))
            self._routes[path] = (("route", path),)
        self._metrics.count("cuebox_http_requests_total", labels)
        self._metrics.observe("cuebox_http_request_seconds", seconds, self._routes[path])
        good = status < 400 and request.failure is None
        if good and self._sample < 1 and random() >= self._sample:  # noqa: S311 - a sample
            return
        self._write(self._line(request, status, seconds))

    def _line(self, request: Request, status: int, seconds: float) -> bytes:
        scope = request.scope
        route = request.route
        path = route.path if route and route.private else _printable(scope["path"])
        if route is None:
            path = self._without_private(path)
        # As it was sent: it may name nothing, and say anything.
        model = _printable(request.model) if request.model else None
        if self._as_text:
            return (
                f"{scope['method']} {path} {status} {seconds * 1e3:.1f} ms"
                f"{f' {model}' if model else ''}"
                f"{f' {request.failure}' if request.failure else ''}\n"
            ).encode("utf-8", "replace")
        client = scope.get("client")
        line = AccessLine(
            time=self._now(),
            method=scope["method"],
            path=path,
            status=status,
            ms=round(seconds * 1e3, 3),
            request_id=request.id,
            event="request",
            level="info" if status < 500 and request.failure is None else "error",
            failure=request.failure,
            model=model,
            rows=request.rows,
            key=request.key.name if request.key else None,
            trace_id=trace_id(request.headers) if b"traceparent" in request.headers else None,
            client=client[0] if client else None,
        )
        return self._encode(line) + b"\n"

    def _without_private(self, path: str) -> str:
        """The path of a request without a route, up to what a private address would say.

        Such an address opens what it opens, whatever it was that was asked of it here: another
        method, or another path before or after it.
        """
        for beginning in self._private:
            before, found, _ = path.partition(beginning)
            if found:
                return f"{before}{found}..."
        return path

    def _now(self) -> str:
        """RFC 3339 with milliseconds; the part up to the second is made once a second."""
        now = time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._stamp}.{int(now * 1000) % 1000:03d}Z"


def trace_id(headers: dict[bytes, bytes]) -> str | None:
    """The trace that a W3C `traceparent` header names, where it is well formed."""
    match = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    return match.group(1).decode("ascii") if match else None


def _printable(path: str) -> str:
    """A path that cannot forge a log line or fill it."""
    if len(path) > 300:
        path = path[:300] + "..."
    return path if path.isprintable() else ascii(path)[1:-1]
