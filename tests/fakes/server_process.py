"""A real `cuebox serve` process on a free port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ServerProcess", "server_process"]

_SECONDS = 60


class ServerProcess:
    """The process, where it listens, and what it logged.

    Attributes:
        ready: the line the server announced itself with.
    """

    def __init__(
        self, folder: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        settings = {
            "CUEBOX_STORE__URL": str(folder / "store"),
            "CUEBOX_STORE__CACHE_DIR": str(folder / "cache"),
            "CUEBOX_ENGINE__CACHE_DIR": str(folder / "cache"),
            "CUEBOX_SERVER__AUTH__KEYS_FILE": str(folder / "keys.json"),
        }
        self._logs: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cuebox.cli", "serve", "--port", "0", *arguments],
            cwd=folder,
            env=os.environ | settings | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_logs, daemon=True)
        self._reader.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the server ended with {self.process.wait(_SECONDS)}: {self.logs}"
        self.ready: dict[str, Any] = json.loads(line)
        self.port = int(self.ready["url"].rsplit(":", 1)[1])

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> list[str]:
        """Lines of standard error so far."""
        return list(self._logs)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, decoded JSON (or text), and headers of one request on its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            content = None if body is None else json.dumps(body)
            given = {"Content-Type": "application/json"} if content else {}
            connection.request(method, path, content, given | (headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode()
            found = {name.lower(): value for name, value in answer.getheaders()}
            is_json = "json" in found.get("content-type", "")
            return answer.status, json.loads(text) if is_json else text, found
        finally:
            connection.close()

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit status, once it ended."""
        status = self.process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return status

    def stop(self) -> int:
        """Terminate and wait."""
        if self.process.poll() is None:
            self.terminate()
        status = self.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def _read_logs(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self._logs.extend(iter(lines.readline, ""))


@contextmanager
def server_process(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> Iterator[ServerProcess]:
    """A server over `folder/store`, stopped at the end."""
    server = ServerProcess(folder, *arguments, environment=environment)
    try:
        yield server
    finally:
        server.stop()
