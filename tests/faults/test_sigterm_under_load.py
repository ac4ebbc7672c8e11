"""SIGTERM while requests run: every one that was sent gets its answer."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING

import pytest

from cuebox.store.opening import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path


class Client(threading.Thread):
    """Sends requests over one connection, as a load balancer does, until told to close it."""

    def __init__(self, server: ServerProcess, number: int) -> None:
        super().__init__()
        self.number = number
        self.answers: list[int] = []
        self.lost: list[Exception] = []
        self.told_to_close = False
        self.warm = threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def run(self) -> None:
        try:
            while not self.told_to_close:
                self._ask()
        except Exception as error:
            self.lost.append(error)
        finally:
            self._connection.close()

    def _ask(self) -> None:
        count = len(self.answers)
        rows = [f"client {self.number} text {count} {row}" for row in range(20)]
        self._connection.request(
            "POST",
            "/v1/classify",
            json.dumps({"model": "*", "input": rows}),
            {"Content-Type": "application/json"},
        )
        answer = self._connection.getresponse()
        body = json.loads(answer.read())
        assert len(body["data"]) == 20
        self.answers.append(answer.status)
        self.told_to_close = answer.getheader("connection") == "close"
        self.warm.set()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_is_lost(tmp_path: Path, workers: str) -> None:
    store = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    publish_head(store, "yes-no", favourite=1)
    with server_process(tmp_path, "--workers", workers) as server:
        clients = [Client(server, number) for number in range(8)]
        for client in clients:
            client.start()
        for client in clients:
            assert client.warm.wait(60)
        server.terminate()
        assert server.wait() == 0
        for client in clients:
            client.join(60)
    assert [client.lost for client in clients] == [[] for _ in clients]
    assert {status for client in clients for status in client.answers} == {200}
    assert all(client.told_to_close for client in clients)
    assert not [line for line in server.logs if '"error"' in line or "Traceback" in line]
