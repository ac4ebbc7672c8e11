"""From exec to the first HTTP 200 of `/v1/classify`, with the starter encoder and 21 heads.

Regime: one process, all 21 heads asked in the first request, bytecode compiled. "Disk warm" is a
restart: weights prepacked for this CPU and goldens replayed by an earlier start. "First start" has
neither. "Disk cold" is a restart after the page cache was dropped (as root; without that right the
files of the environment, the store and the cache are evicted one by one, and what other programs
have mapped stays).

Method: the clock starts just before the process is made. A client tries to connect every
millisecond, and asks again on that connection until the answer is 200; RSS and PSS are read at
that moment. Then the server is stopped and the next start begins. The split by phase comes from
extra starts, in which `phases.py` notes when the program reaches certain points; each figure is a
median.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.heads import HEADS
from benchmarks.machine import cpu_seconds
from benchmarks.outcome import Outcome, median, options
from benchmarks.peers.peers import free_port
from benchmarks.served import ROOT, Memory, command, environment, memory, prepared

_LIMIT_SECONDS = 120
_PAUSE = 0.001
# Names of phases and the points of `phases.py` they end at.
_PHASES = (
    ("interpreter", "interpreter"),
    ("imports of the command and the HTTP server, settings", "imported"),
    ("socket open", "listening"),
    ("rest of the imports, service composed, store read", "composed"),
    ("onnxruntime and tokenizers imported", "engine imported"),
    ("session and tokenizer open", "encoder open"),
    ("21 heads loaded, goldens replayed", "loaded"),
    ("first answer", "answered"),
)


@dataclass
class Start:
    """One start: seconds to the first answer, CPU time and memory then, points reached."""

    seconds: float
    cpu: float
    memory: Memory
    points: dict[str, float] = field(default_factory=dict)


class Starter:
    """Starts servers over one store."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        self._store = store
        body = json.dumps({"model": [name for name, *_ in HEADS], "input": "where is my card"})
        self._request = (
            "POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def start(self, *, phases: bool = False) -> Start:
        """Start, wait for the first good answer, stop."""
        port = free_port()
        line = command(self._store, "--port", str(port))
        points = self.folder / "points.json"
        if phases:
            script = str(Path(__file__).parent / "phases.py")
            line = [sys.executable, "-P", script, str(points), *line[1:]]
        variables = environment(self.folder)
        with (self.folder / "serve.log").open("ab") as log:
            began = time.monotonic()
            process = subprocess.Popen(
                line, cwd=self.folder, env=variables, stdout=subprocess.DEVNULL, stderr=log
            )
            try:
                self._wait_for_answer(process, port)
                answered = time.monotonic()
                cpu, used = cpu_seconds(process.pid), memory([process.pid])
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        found = json.loads(points.read_text()) if phases else {}
        reached = {name: at - began for name, at in found.items()} | {"answered": answered - began}
        return Start(answered - began, cpu, used, reached)

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


def _phase_rows(starts: list[Start]) -> list[list[str]]:
    rows, last = [], 0.0
    for name, point in _PHASES:
        at = median([start.points[point] for start in starts])
        rows.append([name, f"{1000 * (at - last):.0f}", f"{1000 * at:.0f}"])
        last = at
    return rows


def _conclude(outcome: Outcome, starts: dict[str, list[Start]], split: list[Start]) -> None:
    rows = []
    for name, runs in starts.items():
        seconds = [run.seconds for run in runs]
        rows.append([
            name, str(len(runs)), f"{1000 * median(seconds):.0f}", f"{1000 * min(seconds):.0f}",
            f"{1000 * max(seconds):.0f}", f"{1000 * median([run.cpu for run in runs]):.0f}",
            f"{median([run.memory.rss for run in runs]):.0f}",
            f"{median([run.memory.pss for run in runs]):.0f}",
        ])  # fmt: skip
    outcome.table(
        "From exec to the first 200 of /v1/classify",
        ["start", "runs", "median ms", "fastest", "slowest", "CPU ms", "RSS MB", "PSS MB"],
        rows,
    )
    outcome.table(
        "Disk warm, by phase (medians)", ["phase", "ms", "reached at ms"], _phase_rows(split)
    )
    warm = starts["disk warm"]
    time_taken = median([run.seconds for run in warm])
    rss = median([run.memory.rss for run in warm])
    outcome.bar("Cold start, 21 heads, disk warm", "at most 0.5 s",
                f"{time_taken:.3f} s", met=time_taken <= 0.5)  # fmt: skip
    outcome.bar("Memory at the first answer", "at most 150 MB RSS",
                f"{rss:.0f} MB", met=rss <= 150)  # fmt: skip
    outcome.figures = {
        name: {"seconds": [run.seconds for run in runs], "rss": [run.memory.rss for run in runs]}
        for name, runs in starts.items()
    }


def main() -> None:
    """Run the benchmark."""
    arguments = options(__doc__, rounds=15).parse_args()
    regime = "one process, 21 heads, restart with prepacked weights unless said otherwise"
    with Outcome("cold_start", regime) as outcome, prepared(arguments) as (folder, store):
        starter = Starter(folder, store)
        starter.start()  # writes bytecode where there is none
        few = max(1, arguments.rounds // 3)
        first, warm, split, cold = [], [], [], []
        for _ in range(few):
            starter.forget()
            first.append(starter.start())
        starter.start(phases=True)
        for _ in range(arguments.rounds):
            warm.append(starter.start())
            split.append(starter.start(phases=True))
        places = [Path(sysconfig.get_paths()["purelib"]), ROOT / "src", folder]
        for _ in range(few):
            outcome.figures["cold_by"] = drop_page_cache(places)
            cold.append(starter.start())
        starts = {"disk warm": warm, "first start": first, "disk cold": cold}
        _conclude(outcome, starts, split)


if __name__ == "__main__":
    main()
