"""Call an ASGI application without a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.build import build_application
from cuebox.api.gate import Gate
from cuebox.api.lines import LineWriter
from cuebox.api.rate import RateLimiter
from cuebox.api.settings import ServerSettings
from tests.fakes.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping
    from pathlib import Path

    from cuebox.api.app import Application

__all__ = ["Answer", "Lines", "call", "make_application", "request_scope"]


class Lines(LineWriter):
    """Keeps log lines instead of writing them."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.close()
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def make_application(
    folder: Path,
    service: Service | None = None,
    settings: ServerSettings | None = None,
    lines: Lines | None = None,
) -> Application:
    """The application over a fake service, with its keys file in `folder`."""
    settings = settings or ServerSettings()
    gate = Gate(settings, folder / "keys.json", RateLimiter())
    return build_application(service or Service(), settings, gate, lines or Lines())


def request_scope(
    method: str, path: str, headers: Mapping[str, str], client: str = "127.0.0.1"
) -> dict[str, Any]:
    """The scope of one request."""
    pairs = {"host": "localhost:8080", **{k.lower(): v for k, v in headers.items()}}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in pairs.items()],
        "client": (client, 40_000),
        "scheme": "http",
        "http_version": "1.1",
    }


def call(
    application: Any,
    method: str,
    path: str,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    *,
    pieces: int = 1,
    client: str = "127.0.0.1",
) -> Answer:
    """One request; a `body` that is not bytes is sent as JSON, in so many `pieces`."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    scope = request_scope(method, path, headers or {}, client)
    return asyncio.run(_call(application, scope, _messages(content, pieces)))


def _messages(content: bytes, pieces: int) -> Iterator[dict[str, Any]]:
    size = max(1, -(-len(content) // pieces))
    parts = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    for index, part in enumerate(parts):
        more = index < len(parts) - 1
        yield {"type": "http.request", "body": part, "more_body": more}


async def _call(
    application: Any, scope: dict[str, Any], messages: Iterator[dict[str, Any]]
) -> Answer:
    sent: list[MutableMapping[str, Any]] = []
    forever = asyncio.Event()

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            await forever.wait()
        assert message is not None
        return message

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    start = sent[0]
    assert start["type"] == "http.response.start"
    assert sent[-1]["more_body"] is False
    return Answer(
        start["status"],
        {k.decode("latin-1"): v.decode("latin-1") for k, v in start["headers"]},
        b"".join(message["body"] for message in sent[1:]),
    )
