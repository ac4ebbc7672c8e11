"""Who may pass: API keys with scopes and rates, or, without keys, only pages of this host."""

from __future__ import annotations

import ipaddress
import logging
from time import monotonic, time
from typing import TYPE_CHECKING

from cuebox.api.keys import KeyFile, KeyRing
from cuebox.core.errors import ConfigError, Forbidden, RateLimited, Unauthenticated

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.keys import ApiKey
    from cuebox.api.messages import Request
    from cuebox.api.rate import RateLimiter
    from cuebox.api.routing import Route
    from cuebox.api.settings import ServerSettings

__all__ = ["Gate", "is_loopback"]

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_POLL_SECONDS = 1.0

logger = logging.getLogger("cuebox.api")


class Gate:
    """Decides for every request; holds the keys and re-reads them when their file changes."""

    def __init__(self, settings: ServerSettings, keys_path: Path, limiter: RateLimiter) -> None:
        self._file = KeyFile(keys_path)
        self._limiter = limiter
        self._mode = settings.auth.mode
        self._on = self._mode == "on" or (self._mode == "auto" and not is_loopback(settings.host))
        self._ring = KeyRing([])
        self._seen: tuple[int, int] | None = None
        self._look_again = 0.0
        hosts = settings.allowed_hosts or (_LOOPBACK_NAMES if is_loopback(settings.host) else None)
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._good_hosts: set[bytes] = set()
        if self._mode != "off":
            self._read_keys()

    @property
    def asks_for_keys(self) -> bool:
        """Whether requests need an API key."""
        return self._on

    @property
    def key_count(self) -> int:
        """How many keys the file holds, revoked ones included."""
        return len(self._ring)

    def admit(self, request: Request, route: Route) -> None:
        """Let the request pass, or raise.

        Raises:
            Forbidden: the Host or Origin is foreign, or the key lacks the route's scope.
            Unauthenticated: no key, or one that is unknown, expired or revoked.
            RateLimited: the key sent more than its rate allows.
        """
        self._check_host(request)
        if self._mode != "off" and (now := monotonic()) >= self._look_again:
            self._look_again = now + _POLL_SECONDS
            self._reread()
        if not self._on:
            _check_origin(request, route)
            if route.scope == "admin":
                _check_local(request)
            return
        if route.scope is not None:
            request.key = key = self._find(request)
            if key.rate:
                self._limit(request, key)
            if route.scope not in key.scopes:
                raise Forbidden(f"this key lacks the scope {route.scope!r}")

    def _find(self, request: Request) -> ApiKey:
        token = request.headers.get(b"x-api-key")
        if token is None:
            kind, _, token = request.headers.get(b"authorization", b"").partition(b" ")
            if kind.lower() != b"bearer":
                token = b""
        if not token:
            raise Unauthenticated("send an API key: Authorization: Bearer KEY, or X-API-Key: KEY")
        key = self._ring.find(token.strip().decode("latin-1"), time())
        if key is None:
            raise Unauthenticated("this API key is unknown, expired or revoked")
        return key

    def _limit(self, request: Request, key: ApiKey) -> None:
        verdict = self._limiter.take(key.number, key.rate, key.burst, monotonic())
        # Names of the IETF draft "RateLimit header fields for HTTP".
        request.rate_headers = (
            (b"ratelimit-limit", b"%d" % key.burst),
            (b"ratelimit-remaining", b"%d" % verdict.remaining),
            (b"ratelimit-reset", b"%d" % round(verdict.reset + 0.499)),
        )
        if not verdict.allowed:
            raise RateLimited(
                f"key {key.name!r} may send {key.rate:g} requests a second: "
                f"try again in {verdict.wait:.2f} s",
                retry_after=verdict.wait,
            )

    def _check_host(self, request: Request) -> None:
        host = request.headers.get(b"host")
        if self._hosts is None or host is None or host in self._good_hosts:
            return
        if _host_name(host) not in self._hosts:
            raise Forbidden(
                f"the Host {host[:100].decode('latin-1')!r} is not served here: "
                "add it to server.allowed_hosts"
            )
        if len(self._good_hosts) < 64:
            self._good_hosts.add(host)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._file.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _read_keys(self) -> None:
        self._seen = self._stamp()
        if self._seen is not None:
            self._ring = KeyRing(self._file.keys())
            # Once keys were asked for they stay asked for: a deleted file locks, never opens.
            self._on = True

    def _reread(self) -> None:
        if self._stamp() == self._seen:
            return
        try:
            self._read_keys()
        except ConfigError as error:
            logger.error("%s; the keys read before stay in force", error.message)  # noqa: TRY400
        else:
            if self._seen is None:
                logger.error("the keys file is gone; the keys read before stay in force")
            else:
                logger.info("%d API keys read again", len(self._ring))


def _host_name(host: bytes) -> str:
    """The name in a Host header, without port and brackets."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _check_origin(request: Request, route: Route) -> None:
    """Without keys nothing but the address stops a web page from calling: let it not.

    A link to one of the open pages may be followed from anywhere: nobody but the person who
    follows it sees the answer.
    """
    headers = request.headers
    origin = headers.get(b"origin")
    if (
        origin is not None
        and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()
    ):
        raise Forbidden("requests of other web pages are not answered without an API key")
    if headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site"):
        followed = headers.get(b"sec-fetch-mode") == b"navigate" and origin is None
        if not (followed and route.method == "GET" and route.scope is None):
            raise Forbidden("requests of other web pages are not answered without an API key")


def _check_local(request: Request) -> None:
    client = request.scope.get("client")
    if client and not is_loopback(client[0]):
        raise Forbidden("without API keys, admin routes answer this machine only")


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
