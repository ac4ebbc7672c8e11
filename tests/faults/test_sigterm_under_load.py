"""SIGTERM while requests run: every one that was sent gets its answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from cuebox.store.opening import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path


class Client(threading.Thread):
    """Sends requests one after the other until it cannot connect any more."""

    def __init__(self, server: ServerProcess, number: int) -> None:
        super().__init__()
        self.server = server
        self.number = number
        self.answers: list[int] = []
        self.lost: list[Exception] = []
        self.warm = threading.Event()

    def run(self) -> None:
        count = 0
        while True:
            count += 1
            rows = [f"client {self.number} text {count} {row}" for row in range(20)]
            try:
                status, body, _ = self.server.request(
                    "POST", "/v1/classify", {"model": "*", "input": rows}
                )
            except ConnectionRefusedError:
                return
            except Exception as error:
                self.lost.append(error)
                return
            self.answers.append(status)
            if status == 503:
                return
            assert len(body["data"]) == 20
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
    assert {status for client in clients for status in client.answers} <= {200, 503}
    assert not [line for line in server.logs if '"error"' in line or "Traceback" in line]
