"""Servers that are started only to see how long the first answer takes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import cpu_seconds, descendants
from benchmarks.peers.peers import free_port
from benchmarks.served import Memory, command, environment, memory

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Start", "Starter", "drop_page_cache"]

_LIMIT_SECONDS = 120
_PAUSE = 0.001


@dataclass
class Start:
    """One start: seconds to the first answer, CPU time and memory then, points reached.

    Attributes:
        memory: of all processes of the server.
        processes: how many there are.
    """

    seconds: float
    cpu: float
    memory: Memory
    processes: int
    points: dict[str, float] = field(default_factory=dict)


class Starter:
    """Starts servers over one store.

    Args:
        path, body: the first request, sent until it is answered with 200.
        extra: variables of the server beyond those of `served.environment`.
    """

    def __init__(
        self, folder: Path, store: str, path: str, body: object, extra: Mapping[str, str] | None
    ) -> None:
        self.folder = folder
        self._store = store
        self._extra = extra
        content = json.dumps(body)
        self._request = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}"
        ).encode()

    def start(self, *, phases: bool = False) -> Start:
        """Start, wait for the first good answer, stop."""
        port = free_port()
        line = command(self._store, "--port", str(port))
        points = self.folder / "points.json"
        if phases:
            script = str(Path(__file__).parent / "phases.py")
            line = [sys.executable, "-P", script, str(points), *line[1:]]
        variables = environment(self.folder, self._extra)
        with (self.folder / "serve.log").open("ab") as log:
            began = time.monotonic()
            process = subprocess.Popen(
                line, cwd=self.folder, env=variables, stdout=subprocess.DEVNULL, stderr=log
            )
            try:
                self._wait_for_answer(process, port)
                answered = time.monotonic()
                pids = descendants(process.pid)
                cpu, used = cpu_seconds(process.pid), memory(pids)
            finally:
                _kill(process)
        found = json.loads(points.read_text()) if phases else {}
        reached = {name: at - began for name, at in found.items()} | {"answered": answered - began}
        return Start(answered - began, cpu, used, len(pids), reached)

    def forget(self) -> None:
        """Throw away what earlier starts left for later ones."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def _wait_for_answer(self, process: subprocess.Popen[bytes], port: int) -> None:
        until = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_SECONDS) as peer:
                    while not self._answered(peer):
                        time.sleep(_PAUSE)
                    return
            except (ConnectionRefusedError, ConnectionResetError):
                time.sleep(_PAUSE)
        raise SystemExit((self.folder / "serve.log").read_text()[-2000:])

    def _answered(self, peer: socket.socket) -> bool:
        """Whether a request is answered 200; reads the whole answer."""
        peer.sendall(self._request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += _receive(peer)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        while len(body) < length:
            body += _receive(peer)
        return head.startswith(b"HTTP/1.1 200")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a server, and wait until the processes that it had are gone too."""
    pids = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until = time.monotonic() + _LIMIT_SECONDS
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > until:
            raise SystemExit(f"processes {pids} outlived their server")
        time.sleep(_PAUSE)


def _receive(peer: socket.socket) -> bytes:
    data = peer.recv(65_536)
    if not data:
        raise ConnectionResetError
    return data


def drop_page_cache(folders: list[Path]) -> str:
    """Make the disk cold; says how it was done."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except OSError:
        for folder in folders:
            for path in folder.rglob("*"):
                if path.is_file():
                    _evict(path)
        return "files evicted one by one"
    return "page cache dropped"


def _evict(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
