"""The bytes of a request, prepared up to its text."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Target"]

_PLACE = "{text}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go and what they look like around the text."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    head: bytes
    before: bytes
    after: bytes

    @classmethod
    def of(cls, url: str, body: str, headers: Mapping[str, str]) -> Target:
        """Take the URL and the JSON template apart.

        Raises:
            ConfigError: the URL is not http(s), or the template has no `{text}`.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"{url!r} is not an http:// or https:// URL with a host", param="url")
        before, found, after = body.partition(_PLACE)
        if not found:
            raise ConfigError(f"the body template has no {_PLACE}: {body!r}", param="body")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            "Accept: application/json",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if any("\r" in line or "\n" in line for line in lines):
            raise ConfigError("a header or the URL contains a line break", param="headers")
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            tls=ssl.create_default_context() if parts.scheme == "https" else None,
            head=("\r\n".join(lines) + "\r\nContent-Length: ").encode(),
            before=before.encode(),
            after=after.encode(),
        )

    def request(self, text: str) -> bytes:
        """The whole request for one text."""
        body = self.before + json.dumps(text).encode() + self.after
        return self.head + str(len(body)).encode() + b"\r\n\r\n" + body
