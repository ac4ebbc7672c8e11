"""uvicorn, told when to stop: readiness goes first, then new requests, then what is in flight."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from time import monotonic
from typing import TYPE_CHECKING

import uvicorn

from cuebox.api.protocol import Connection, connection_class

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator

    from cuebox.api.app import Application
    from cuebox.api.settings import ServerSettings

__all__ = ["Server"]

_SWEEP_EVERY_TICKS = 2
_SECOND_IN_TICKS = 10

logger = logging.getLogger("cuebox.api")


class Server(uvicorn.Server):
    """Serves an application on sockets that are open already.

    SIGTERM or SIGINT: `/health/ready` turns 503 at once; for `drain_delay` seconds every
    request is still answered, with `Connection: close`; then the port closes and what is in
    flight has `shutdown_timeout` seconds. `serve` then returns instead of raising the signal
    again, so a clean stop exits with status 0. A second signal stops at once.
    """

    def __init__(
        self,
        application: Application,
        settings: ServerSettings,
        every_second: Callable[[], None] | None = None,
    ) -> None:
        self._application = application
        self._drain_delay = settings.drain_delay
        self._every_second = every_second
        self._protocol = connection_class(settings.limits)
        super().__init__(_config(application, settings, self._protocol))

    def stop(self) -> None:
        """Begin to drain; a second call drops what is still in flight."""
        if self.should_exit:
            self.force_exit = True
        self._application.draining = True
        self._protocol.draining = True
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on SIGTERM and SIGINT, where the loop runs in the main thread."""
        loop = asyncio.get_running_loop()
        handled = []
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.stop)
                handled.append(number)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: drop the slow, tell who asked."""
        if counter % _SWEEP_EVERY_TICKS == 0:
            now = monotonic()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.sweep(now)
        if self._every_second is not None and counter % _SECOND_IN_TICKS == 0:
            self._every_second()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer on for a while, then close the port and wait for what is in flight."""
        logger.info("draining")
        until = monotonic() + self._drain_delay
        counter = 0
        while monotonic() < until and not self.force_exit:
            await asyncio.sleep(min(0.1, max(0.0, until - monotonic())))
            counter += 1
            await self.on_tick(counter)
        await super().shutdown(sockets)
        logger.info("stopped")


def _config(
    application: Application, settings: ServerSettings, protocol: type[Connection]
) -> uvicorn.Config:
    tls = settings.tls
    return uvicorn.Config(
        application,
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1,
        backlog=2048,
        timeout_graceful_shutdown=round(settings.shutdown_timeout),
        ssl_certfile=tls.certificate or None,
        ssl_keyfile=tls.private_key or None,
    )
