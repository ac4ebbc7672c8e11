"""A real server on a real port, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvloop

from cuebox.api.build import build_application
from cuebox.api.gate import Gate
from cuebox.api.listening import listen
from cuebox.api.rate import RateLimiter
from cuebox.api.server import Server
from cuebox.api.settings import ServerSettings
from tests.fakes.asgi import Lines
from tests.fakes.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["RunningServer", "exchange", "running_server"]


class RunningServer:
    """A server that runs, and the loop it runs on."""

    def __init__(self, server: Server, service: Service, lines: Lines, port: int) -> None:
        self.server = server
        self.service = service
        self.lines = lines
        self.port = port
        self.loop: asyncio.AbstractEventLoop
        self.thread: threading.Thread

    def on_loop(self, action: Callable[[], object]) -> None:
        """Do something on the server's loop."""
        self.loop.call_soon_threadsafe(action)

    def connect(self, seconds: float = 10.0) -> socket.socket:
        """A connection whose reads fail after `seconds`."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def stop(self) -> None:
        """As SIGTERM does."""
        self.on_loop(self.server.stop)

    def wait_until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something to become true on the server's side."""

        async def poll() -> None:
            async with asyncio.timeout(seconds):
                while not condition():  # noqa: ASYNC110 - any condition, not an event
                    await asyncio.sleep(0.005)

        asyncio.run_coroutine_threadsafe(poll(), self.loop).result(seconds + 1)


@contextmanager
def running_server(
    folder: Path, service: Service | None = None, settings: ServerSettings | None = None
) -> Iterator[RunningServer]:
    """Serve in a thread until the block ends."""
    settings = settings or ServerSettings(port=0, drain_delay=0.0, shutdown_timeout=5)
    service = service or Service()
    lines = Lines()
    gate = Gate(settings, folder / "keys.json", RateLimiter())
    application = build_application(service, settings, gate, lines)
    server = Server(application, settings)
    with listen("127.0.0.1", 0) as listener:
        running = RunningServer(server, service, lines, listener.getsockname()[1])
        begun = threading.Event()

        async def serve() -> None:
            running.loop = asyncio.get_running_loop()
            asyncio.get_running_loop().call_soon(begun.set)
            await server.serve(sockets=[listener])

        running.thread = threading.Thread(target=uvloop.run, args=(serve(),))
        running.thread.start()
        assert begun.wait(10)
        try:
            yield running
        finally:
            if running.thread.is_alive():
                running.stop()
                running.thread.join(20)
        assert not running.thread.is_alive()


def exchange(connection: socket.socket, data: bytes = b"") -> bytes:
    """Send, then read until the server closes or falls silent for the socket's timeout."""
    received = b""
    try:
        connection.sendall(data)
        while piece := connection.recv(65_536):
            received += piece
    except (TimeoutError, ConnectionError):
        pass
    return received
