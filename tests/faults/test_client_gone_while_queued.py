"""A client that leaves frees its place: its rows never reach the encoder."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

from cuebox.store.opening import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path


def _metric(server: ServerProcess, name: str) -> float:
    _, text, _ = server.request("GET", "/metrics")
    lines = [line for line in str(text).splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def _send(server: ServerProcess, rows: list[str]) -> socket.socket:
    body = json.dumps({"model": "yes-no", "input": rows}).encode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(
        b"POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    return connection


def test_abandoned_bulk_requests_do_not_hold_others_up(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    publish_head(store, "yes-no", favourite=1)
    with server_process(tmp_path) as server:
        server.request("POST", "/v1/classify", {"model": "yes-no", "input": "warm"})
        before = _metric(server, "cuebox_cache_entries")
        gone = [
            _send(server, [f"connection {number} row {row}" for row in range(9_000)])
            for number in range(4)
        ]
        _wait_for(lambda: _metric(server, "cuebox_pending_rows") >= 36_000)
        for connection in gone:
            connection.close()
        _wait_for(lambda: _metric(server, "cuebox_pending_rows") == 0)
        status, body, _ = server.request(
            "POST", "/v1/classify", {"model": "yes-no", "input": "still here"}
        )
        assert status == 200
        assert body["data"][0]["results"][0]["labels"][0]["label"] == "yes"
        # Far from all of the 36,000 rows were encoded for nobody.
        assert _metric(server, "cuebox_cache_entries") - before < 30_000
        assert server.stop() == 0
    assert not [line for line in server.logs if "Traceback" in line]


def _wait_for(condition: object, seconds: float = 30.0) -> None:
    assert callable(condition)
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "did not happen in time"
        time.sleep(0.02)
