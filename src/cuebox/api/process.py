"""One server process: the service, the application and the loop they share."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING

from cuebox.api.build import build_application
from cuebox.api.gate import Gate
from cuebox.api.lines import LineWriter, configure_logging
from cuebox.api.rate import RateLimiter
from cuebox.api.run_dir import RunDir
from cuebox.api.server import Server
from cuebox.core.errors import CueboxError
from cuebox.serving.history import Recorder

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cuebox.api.ports import ModelService
    from cuebox.api.settings import LogSettings, ServerSettings
    from cuebox.serving.metrics import Snapshot

__all__ = ["open_gate", "serve_process"]

logger = logging.getLogger("cuebox.api")


def open_gate(settings: ServerSettings, run_folder: Path | None = None) -> Gate:
    """The gate of one process; rate limits are shared with the workers of `run_folder`."""
    shared = run_folder / "rates" if run_folder else None
    return Gate(settings, Path(settings.auth.keys_file).expanduser(), RateLimiter(shared))


def serve_process(
    service: ModelService,
    settings: ServerSettings,
    listener: socket.socket,
    *,
    gate: Gate,
    announce: Callable[[ModelService], None],
    run_folder: Path | None = None,
    lifeline: int | None = None,
) -> int:
    """Serve until a signal says to stop.

    Args:
        announce: called once the service has looked at its models for the first time.
        run_folder: shared by the workers of one server; None for a single process.
        lifeline: descriptor of a pipe whose other end is the supervisor's: when that is gone,
            this process stops too.

    Returns:
        The exit status: 0 after a clean stop, 1 when the service could not start.
    """
    writer = LineWriter(as_text=_as_text(settings.logs))
    handler = configure_logging(writer, settings.logs.level)
    process = _Process(service, settings, gate, writer, RunDir(run_folder, os.getpid()))
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(process.run(listener, announce, lifeline))
    finally:
        logging.getLogger().removeHandler(handler)
        writer.close()


class _Process:
    def __init__(
        self,
        service: ModelService,
        settings: ServerSettings,
        gate: Gate,
        writer: LineWriter,
        run_dir: RunDir,
    ) -> None:
        self._service = service
        self._run_dir = run_dir
        self._shutdown_timeout = settings.shutdown_timeout
        # Of several workers the supervisor keeps it, which outlives them.
        self._recorder = Recorder(time(), monotonic()) if run_dir.folder is None else None
        application = build_application(
            service,
            settings,
            gate,
            writer,
            snapshot=self._snapshot,
            reloaded=run_dir.ask_reload,
            history=self._recorder.encode if self._recorder else run_dir.history,
            secret=run_dir.secret,
            root=os.getppid() if run_dir.folder else None,
        )
        self._server = Server(application, settings, self._every_second)
        self._reloading: asyncio.Task[object] | None = None

    async def run(
        self,
        listener: socket.socket,
        announce: Callable[[ModelService], None],
        lifeline: int | None,
    ) -> int:
        if lifeline is not None:
            asyncio.get_running_loop().add_reader(lifeline, self._orphaned, lifeline)
        serving = asyncio.ensure_future(self._server.serve(sockets=[listener]))
        starting = asyncio.ensure_future(self._start(announce))
        await serving
        status = 0
        if starting.done():
            status = starting.result()
        else:
            starting.cancel()
        await self._service.drain(self._shutdown_timeout)
        return status

    async def _start(self, announce: Callable[[ModelService], None]) -> int:
        """Load the models while probes are answered already."""
        try:
            await self._service.start()
        except CueboxError as error:
            logger.error("cannot start: %s", error.message)  # noqa: TRY400 - for the operator
        except Exception:
            logger.exception("cannot start")
        else:
            _settle_garbage()
            self._every_second()
            announce(self._service)
            return 0
        self._server.stop()
        return 1

    def _orphaned(self, lifeline: int) -> None:
        logger.error("the supervisor is gone")
        asyncio.get_running_loop().remove_reader(lifeline)
        self._server.stop()

    def _snapshot(self) -> Snapshot:
        return self._run_dir.merged(self._service.metrics.snapshot())

    def _every_second(self) -> None:
        if self._recorder is not None:
            self._recorder.tick(self._service.metrics)
            return
        self._run_dir.write(self._service.readiness(), self._service.metrics.snapshot())
        if self._run_dir.reload_asked():
            self._reloading = asyncio.ensure_future(self._service.reload())


def _settle_garbage() -> None:
    """Spare the collector what was loaded for good, and let it look less often.

    A full collection walks every module's objects, some 20 ms in which nothing is answered;
    a request leaves hardly any cycles behind.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _as_text(settings: LogSettings) -> bool:
    return settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
