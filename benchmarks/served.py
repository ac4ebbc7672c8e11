"""A real `cuebox serve` process: started by the benchmark, asked over HTTP, stopped by its id."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.heads import HEADS, build_store
from benchmarks.machine import descendants

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Memory", "Served", "command", "environment", "memory", "pin", "prepared", "serving"]

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 60


class Served:
    """A running server.

    Attributes:
        pid: of the process that was started; with several workers, their parent.
        port: on the loopback address.
        ready: the line it announced itself with.
    """

    def __init__(self, process: subprocess.Popen[bytes], ready: dict[str, Any]) -> None:
        self.pid = process.pid
        self.ready = ready
        self.port = int(ready["url"].rsplit(":", 1)[1])

    def url(self, path: str) -> str:
        """Where a path is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and answer (decoded where it is JSON) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = "json" in answer.getheader("content-type", "")
            return answer.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def counter(self, name: str) -> float:
        """One of the counters of `/metrics`, summed over labels."""
        lines: str = self.ask("GET", "/metrics")[1]
        values = [line.rsplit(" ", 1)[1] for line in lines.splitlines() if line.startswith(name)]
        return sum(float(value) for value in values)

    def memory(self) -> Memory:
        """Of the process and all its workers."""
        return memory(descendants(self.pid))


class Memory:
    """Megabytes (2**20) over some processes; shared pages count once in `pss`."""

    def __init__(self, rss: float, pss: float, private: float) -> None:
        self.rss = rss
        self.pss = pss
        self.private = private


def memory(pids: Iterable[int]) -> Memory:
    """From /proc/PID/smaps_rollup; RSS counts a page shared by n processes n times."""
    rss = pss = private = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if ":" in line}
        rss += sizes["Rss"]
        pss += sizes["Pss"]
        private += sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(rss / 1024, pss / 1024, private / 1024)


def command(store: str | Path, *arguments: str) -> list[str]:
    """The command line of a server, as its user would type it in any folder."""
    place = str(store) if "://" in str(store) else str(Path(store).absolute())
    return [str(Path(sys.executable).parent / "cuebox"), "serve", "--store", place, *arguments]


def environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of a server that leaves nothing outside `folder`.

    Bytecode may be written: imports without it take several times as long, and an installed
    package has it.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    }
    return kept | {
        "CUEBOX_STORE__CACHE_DIR": str(folder / "cache"),
        "CUEBOX_ENGINE__CACHE_DIR": str(folder / "cache"),
        "CUEBOX_SERVER__AUTH__KEYS_FILE": str(folder / "keys.json"),
        "CUEBOX_SERVING__MODELS": json.dumps([name for name, *_ in HEADS]),
    } | dict(extra or {})  # fmt: skip


@contextmanager
def prepared(arguments: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """A scratch folder and the store to serve: the one given, or one built in the folder."""
    with tempfile.TemporaryDirectory(prefix="cuebox-bench-", dir=arguments.scratch) as name:
        folder = Path(name)
        store = arguments.store or str(build_store(folder, arguments.encoder, arguments.hidden))
        yield folder, store


@contextmanager
def serving(
    folder: Path,
    store: str,
    *arguments: str,
    extra: Mapping[str, str] | None = None,
    cores: set[int] | None = None,
    program: Sequence[str] = (),
) -> Iterator[Served]:
    """A server that is ready; its log goes to `folder/serve.log`.

    Args:
        program: takes the place of the `cuebox` command, with the same arguments.
        cores: the only ones it may run on, which it takes into account like a container limit.
    """
    words = command(store, "--port", "0", *arguments)
    with pin(cores), (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [*program, *words[1:]] if program else words,
            cwd=folder,
            env=environment(folder, extra),
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit((folder / "serve.log").read_text()[-2000:])
        served = Served(process, json.loads(line))
        status, readiness = served.ask("GET", "/health/ready")
        if status != 200:
            raise SystemExit(f"the server is not ready: {readiness}")
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def pin(cores: set[int] | None) -> Iterator[None]:
    """Keep this thread, and processes it starts meanwhile, on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if cores is None else cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
