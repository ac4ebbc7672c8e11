"""SIGTERM while feedback waits for the disk: what was answered is written."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from cuebox.store.opening import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import server_process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_was_answered_is_written(tmp_path: Path, workers: str) -> None:
    publish_head(open_store(tmp_path / "store", cache_dir=tmp_path / "cache"), "yes-no")
    with server_process(tmp_path, "--workers", workers) as server:
        for request in range(4):
            events = [
                {"suggestion": f"s{request}.{number}", "event": "shown"} for number in range(500)
            ]
            for _ in range(2):  # a client that repeats itself
                status, answer, _headers = server.request("POST", "/v1/feedback", events)
                assert (status, answer["recorded"]) == (200, 500)
        server.terminate()
        assert server.wait() == 0
    file = tmp_path / ".cuebox" / "inference_log.sqlite"
    assert file.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(file)
    assert connection.execute("select count(*) from feedback").fetchone() == (2000,)
    connection.close()
    assert not [line for line in server.logs if '"error"' in line or "Traceback" in line]
