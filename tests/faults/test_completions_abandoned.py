"""Clients that ask for completions and leave: nothing of them stays behind."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.store import open_store
from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_writer import publish_writer

if TYPE_CHECKING:
    from collections.abc import Iterator

ABANDONED = 1_000
AT_ONCE = 20
MOST_GROWTH_MB = 12.0
HELD = ("cuebox_engine_running_requests", "cuebox_engine_waiting_requests", "cuebox_pending_rows")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("abandoned")
    store = open_store(str(folder / "store"), cache_dir=str(folder / "cache"))
    publish_writer(store, folder / "files")
    # Few blocks, so that what is remembered on purpose soon stops growing.
    with server_process(folder, environment={"CUEBOX_DECODER__KV_CACHE_MB": "8"}) as running:
        yield running


def request(number: int) -> bytes:
    """Streamed or not, with a prompt of its own, and long enough not to be done by itself."""
    fields = {
        "model": "writer",
        "prompt": f"{number} " + "I would like to cancel my order, please. " * (number % 5),
        "max_tokens": 80,
        "n": 1 + number % 3,
        "stream": number % 2 == 0,
        "session": f"s{number}" if number % 4 else "",
        "logit_bias": {"0": -100, "3": -100},
    }
    body = msgspec.json.encode(fields)
    head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def abandon(server: ServerProcess, count: int) -> None:
    """Send requests and close their connections: some at once, some after the first word."""
    for first in range(0, count, AT_ONCE):
        clients = []
        for number in range(first, first + AT_ONCE):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            client.sendall(request(number))
            clients.append(client)
        for number, client in enumerate(clients):
            if number % 4 == 0:
                client.recv(64)
            client.close()


def metric(server: ServerProcess, name: str) -> float:
    """The sum of a metric over its labels."""
    _, text, _ = server.request("GET", "/metrics")
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, found))


def at_rest(server: ServerProcess) -> bool:
    """Whether no request holds or awaits a place; figures come once a second."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not any(metric(server, name) for name in HELD):
            return True
        time.sleep(0.1)
    return False


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[0]) / 1024
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return own + sum(resident_mb(child) for child in children)


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.slow
def test_a_thousand_abandoned_requests_leave_nothing(server: ServerProcess) -> None:
    pid = server.process.pid
    abandon(server, 300)
    assert at_rest(server)
    memory, files = resident_mb(pid), descriptors(pid)
    abandon(server, ABANDONED)
    assert at_rest(server)
    assert resident_mb(pid) - memory < MOST_GROWTH_MB
    assert descriptors(pid) <= files + 2
    body = {"model": "writer", "prompt": "I would", "max_tokens": 4, "n": 3}
    status, answer, _ = server.request("POST", "/v1/completions", body)
    assert status == 200
    assert answer["choices"]
    assert server.request("GET", "/health/ready")[0] == 200
    assert metric(server, "cuebox_completions_total") >= ABANDONED
