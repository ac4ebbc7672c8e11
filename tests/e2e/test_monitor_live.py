"""Reports and figures of a real server: with keys, and with several workers."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.api.keys import KeyFile
from cuebox.store import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "<!doctype html><title>mood</title>"


@pytest.fixture
def with_report(tmp_path: Path) -> str:
    """A server's store with a classifier that has a report; its version."""
    store = open_store(str(tmp_path / "store"), cache_dir=str(tmp_path / "cache"))
    made = publish_head(store, "mood", labels=("sad", "glad"))
    files = made.files | {"report.html": store.put_bytes(PAGE.encode())}
    again = store.publish(msgspec.structs.replace(made, files=files, version="", created=""))
    store.move_alias("mood", "production", again.version)
    return again.version


def until(look: Callable[[], bool], seconds: float = 30) -> None:
    give_up = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def classify(server: ServerProcess, times: int, **headers: str) -> None:
    for number in range(times):
        body = {"model": "mood", "input": f"text {number}"}
        assert server.request("POST", "/v1/classify", body, headers)[0] == 200


def test_with_keys(tmp_path: Path, with_report: str) -> None:
    file = KeyFile(tmp_path / "keys.json")
    token = file.create("ops", scopes=("admin", "metrics", "predict"))[1]
    key = {"Authorization": f"Bearer {token}"}
    path = f"/v1/admin/models/mood/versions/{with_report}"
    with server_process(tmp_path) as server:
        classify(server, 5, **key)
        assert server.request("GET", "/v1/monitor/hour")[0] == 401
        _, found, _ = server.request("GET", "/v1/monitor/hour", headers=key)
        assert (found["requests"], found["errors"], found["models"][0]["rows"]) == (5, 0, 5)
        encode = next(each for each in found["phases"] if each["phase"] == "encode")
        assert encode["count"] == 5
        assert 0 < encode["p50"] <= encode["p90"] <= encode["p99"]
        assert server.request("POST", f"{path}/report", {})[0] == 401
        _, link, _ = server.request("POST", f"{path}/report", {}, key)
        status, page, headers = server.request("GET", link["url"])
        assert (status, page) == (200, PAGE)
        assert headers["content-security-policy"].startswith("sandbox allow-scripts; ")
        assert server.request("GET", link["url"][:-1] + "!")[0] == 404
        _, card, _ = server.request("GET", path, headers=key)
        assert [blob["shared_with"][0]["model"] for blob in card["blobs"][:2]] == ["mood", "mood"]
        _, memory, _ = server.request("GET", "/v1/admin/memory", headers=key)
        assert [each["role"] for each in memory["processes"]] == ["server"]
        assert memory["processes"][0]["resident"] > 10_000_000


@pytest.mark.slow
def test_workers_count_together_and_open_each_others_links(
    tmp_path: Path, with_report: str
) -> None:
    path = f"/v1/admin/models/mood/versions/{with_report}"
    with server_process(tmp_path, "--workers", "2") as server:

        def counted() -> int:
            status, found, _ = server.request("GET", "/v1/monitor/start")
            assert status == 200
            requests: int = found["requests"]
            return requests

        classify(server, 40)
        until(lambda: counted() == 40)
        _, link, _ = server.request("POST", f"{path}/report", {})
        assert {server.request("GET", link["url"])[0] for _ in range(30)} == {200}
        processes: list[dict[str, Any]] = server.request("GET", "/v1/admin/memory")[1]["processes"]
        roles = sorted(each["role"] for each in processes)
        assert roles == ["supervisor", "worker", "worker"]
        time.sleep(1.5)  # states are written once a second
        os.kill(next(e["pid"] for e in processes if e["role"] == "worker"), signal.SIGKILL)
        until(lambda: "restart_in_seconds" in "".join(server.logs))
        # What the dead one counted is not lost, but for the second before its death.
        assert counted() == 40
        classify(server, 3)
        until(lambda: counted() == 43)
