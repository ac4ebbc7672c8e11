"""How the HTTP server listens, limits, authenticates and logs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

__all__ = ["AuthSettings", "LimitSettings", "LogSettings", "ServerSettings", "TlsSettings"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on what one client may send, and how slowly.

    Attributes:
        max_body_bytes: largest request body; more is answered 413.
        max_header_bytes: largest request line and headers together; more is answered 431.
        max_connections: connections open at once per worker; more are answered 503 and closed.
        max_pipelined: requests a client may send ahead on one connection before it is dropped.
        header_timeout: seconds from the first byte of a request to the end of its headers.
        body_timeout: seconds for a body, plus the time `min_body_rate` grants what arrived.
        min_body_rate: bytes a second a client must keep up while it sends a body.
        keep_alive: seconds an idle connection is kept.
        write_timeout: seconds a client may go without reading its answer.
        max_prompts: most prompts of one completion request; `[generation]` bounds each of them.
        max_logprobs: most alternatives that a completion reports at each token.
    """

    max_body_bytes: Positive = 16 * 1024 * 1024
    max_header_bytes: Positive = 32 * 1024
    max_connections: Positive = 2_048
    max_pipelined: Positive = 64
    header_timeout: Seconds = 10.0
    body_timeout: Seconds = 20.0
    min_body_rate: Positive = 65_536
    keep_alive: Seconds = 75.0
    write_timeout: Seconds = 30.0
    max_prompts: Positive = 32
    max_logprobs: Annotated[int, msgspec.Meta(ge=0)] = 5


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """TLS at the server itself; leave empty behind a proxy that ends it.

    Attributes:
        certificate: PEM file with the certificate chain.
        private_key: PEM file with the key; empty when the certificate file holds it.
    """

    certificate: str = ""
    private_key: str = ""


class AuthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may call.

    Attributes:
        mode: `auto` asks for an API key when the keys file exists or the address is not
            loopback; `on` always; `off` never (admin routes then answer loopback only).
        keys_file: hashed keys, written by `cuebox keys`, re-read when it changes.
    """

    mode: Literal["auto", "on", "off"] = "auto"
    keys_file: str = ".cuebox/keys.json"


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is written to standard error.

    Attributes:
        format: `auto` writes plain lines to a terminal and JSON elsewhere.
        level: lowest level of server messages.
        access_sample: share of successful requests that get an access line; errors always do.
    """

    format: Literal["auto", "json", "text"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    access_sample: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The HTTP server.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        workers: processes that share the port; each memory-maps the same weights.
        allowed_hosts: names that the Host header may carry; empty allows the loopback names
            on a loopback address (which stops DNS rebinding) and any name elsewhere.
        drain_delay: seconds after SIGTERM in which new requests are still answered, each with
            `Connection: close`, while load balancers notice that readiness is gone.
        shutdown_timeout: seconds that requests in flight may take after that.
        limits: bounds on clients.
        tls: certificate and key.
        auth: API keys.
        logs: log lines.
    """

    section: ClassVar[str] = "server"

    host: str = "127.0.0.1"
    port: Port = 8080
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    allowed_hosts: list[str] = []
    drain_delay: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    shutdown_timeout: Seconds = 30.0
    limits: LimitSettings = LimitSettings()
    tls: TlsSettings = TlsSettings()
    auth: AuthSettings = AuthSettings()
    logs: LogSettings = LogSettings()
