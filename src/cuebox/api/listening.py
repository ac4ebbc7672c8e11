"""The listening socket, and whether its address is safe to open."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from cuebox.api.gate import is_loopback
from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from cuebox.api.gate import Gate
    from cuebox.api.settings import ServerSettings

__all__ = ["check_exposure", "listen", "url_of"]

_BACKLOG = 2_048


def check_exposure(settings: ServerSettings, gate: Gate) -> None:
    """Refuse to open an address beyond this machine without keys, unless told to.

    Raises:
        ConfigError: says which of the ways out to take.
    """
    if is_loopback(settings.host) or settings.auth.mode == "off" or gate.key_count:
        return
    raise ConfigError(
        f"{settings.host} is reachable from other machines and no API key exists: "
        "create one with `cuebox keys create NAME`, or give --insecure-no-auth",
        param="server.host",
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections queue up in it until the server takes them.

    Raises:
        ConfigError: the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host,
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)  # noqa: FBT003 - the name of the standard library
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror or error}", param="server.port"
        ) from error
    return listener


def url_of(listener: socket.socket, settings: ServerSettings) -> str:
    """Where a person finds the server."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    scheme = "https" if settings.tls.certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
