"""Heads that come and go in a running server, and what that server never loads."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cuebox.store.opening import open_store
from tests.fakes.models import publish_head
from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.store.model_store import ObjectModelStore


@pytest.fixture
def store(tmp_path: Path) -> ObjectModelStore:
    made = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    publish_head(made, "colour", labels=("red", "green", "blue"), favourite=2)
    publish_head(made, "tags", labels=("x", "y"), task="multi", favourite=1)
    return made


@pytest.fixture
def server(tmp_path: Path, store: ObjectModelStore) -> Iterator[ServerProcess]:
    assert store
    with server_process(tmp_path) as running:
        yield running


def test_it_announces_itself_and_answers(server: ServerProcess) -> None:
    assert server.ready["event"] == "ready"
    assert len(server.ready["models"]) == 2
    status, body, headers = server.request(
        "POST", "/v1/classify", {"model": ["tags", "colour"], "input": ["one", "two"]}
    )
    assert status == 200
    assert [each["model"] for each in body["data"][1]["results"]] == ["tags", "colour"]
    assert body["data"][0]["results"][1]["labels"][0]["label"] == "blue"
    assert "encode;dur=" in headers["server-timing"]


def test_no_torch_and_no_scikit_learn_in_the_server(server: ServerProcess) -> None:
    server.request("POST", "/v1/classify", {"model": "*", "input": "text"})
    server.request("GET", "/openapi.json")
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "/site-packages/onnxruntime/" in maps
    for heavy in ("torch", "sklearn", "scipy", "pyarrow"):
        assert f"/site-packages/{heavy}/" not in maps


def test_a_new_head_goes_live_and_out_without_a_restart(
    server: ServerProcess, store: ObjectModelStore
) -> None:
    publish_head(store, "fresh", favourite=1)
    status, body, _ = server.request("POST", "/v1/admin/reload", {})
    assert status == 200, body
    status, body, _ = server.request("POST", "/v1/classify", {"model": "fresh", "input": "text"})
    assert (status, body["data"][0]["results"][0]["labels"][0]["label"]) == (200, "yes")
    store.move_alias("fresh", "production", None)
    give_up = time.monotonic() + 30
    while True:  # found by the watcher, without being told
        status, _, _ = server.request("POST", "/v1/classify", {"model": "fresh", "input": "text"})
        if status == 404:
            return
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_missing_store_is_an_empty_one_and_says_so(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        status, body, _ = server.request("POST", "/v1/classify", {"model": "*", "input": "x"})
        assert status == 404
        assert "no classifier" in body["error"]["message"]
