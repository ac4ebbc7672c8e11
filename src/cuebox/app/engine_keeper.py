"""Starts the engine process, and replaces it when it dies."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.app.engine_process import EngineOrder
from cuebox.app.kept_process import KeptProcess
from cuebox.app.orders import send_order
from cuebox.app.supervised_engine import ENGINE_SOCKET

if TYPE_CHECKING:
    from cuebox.app.settings import Settings

__all__ = ["EngineLauncher", "OwnEngine", "stop_engine"]

_BACKLOG = 128
# Long enough for a server process that drains; it closes its connection when it is done.
_GRACE_SECONDS = 60.0
_STOP_SECONDS = 5.0


class EngineLauncher:
    """The engine's socket in a private folder, and the processes that serve it.

    The socket outlives the process: who connects while an engine is being replaced waits in its
    queue.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = folder / ENGINE_SOCKET
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(_BACKLOG)

    def start(self, restarted: bool) -> subprocess.Popen[bytes]:  # noqa: FBT001 - KeptProcess's
        """Start an engine process."""
        order = EngineOrder(
            decoder=self._settings.decoder,
            generation=self._settings.generation,
            listener=self._listener.fileno(),
            grace=_GRACE_SECONDS,
            restarted=restarted,
        )
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cuebox.app.engine_process"],
            stdin=subprocess.PIPE,
            # Standard output is the server's, for what it announces.
            stdout=2,
            pass_fds=[self._listener.fileno()],
            # A Ctrl-C at the terminal reaches the server only, which drains first.
            start_new_session=True,
        )
        send_order(process, order)
        return process

    def close(self) -> None:
        """Nobody can connect any more."""
        self._listener.close()


class OwnEngine:
    """`generation.client.Keeper` of a server that is one process: the engine is its child."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cuebox-"))
        self.socket = self._folder / ENGINE_SOCKET
        self._launcher = EngineLauncher(settings, self._folder)
        self._kept = KeptProcess("engine process", self._launcher.start)
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the engine process and replace it whenever it dies."""
        with self._changing:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(
                    target=self._look_after, name="engine-keeper", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End the engine process and remove its socket."""
        with self._changing:
            self._stopping.set()
        stop_engine(self._kept)
        if self._thread is not None:
            self._thread.join()
        self._launcher.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _look_after(self) -> None:
        while True:
            with self._changing:
                if self._stopping.is_set():
                    return
                self._kept.look_after()
                process = self._kept.process
            if process is None:
                self._stopping.wait(self._kept.delay)
            else:
                process.wait()


def stop_engine(kept: KeptProcess) -> None:
    """End an engine process whose connections are closed."""
    process = kept.process
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        if process.stdin is not None:
            process.stdin.close()
    kept.wait(_STOP_SECONDS)
