"""Language models that come, change and go in a running server, and which process holds them."""

from __future__ import annotations

import http.client
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.store.opening import open_store
from tests.fakes.decoder_files import SPECIAL_TOKENS
from tests.fakes.models import publish_head
from tests.fakes.process_tree import children, engine_of
from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_writer import publish_writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.store.model_store import ObjectModelStore

LONG = {"CUEBOX_GENERATION__MAX_TOKENS": "4000"}


@pytest.fixture
def store(tmp_path: Path) -> ObjectModelStore:
    made = open_store(tmp_path / "store", cache_dir=tmp_path / "cache")
    publish_head(made, "mood", labels=("sad", "glad"), favourite=1)
    return made


def body(tokens: int = 12, **fields: Any) -> dict[str, Any]:
    endless = {str(token): -100 for token in range(len(SPECIAL_TOKENS))}
    return {
        "model": "writer", "prompt": "I would like", "max_tokens": tokens, "temperature": 0,
        "logit_bias": endless, **fields,
    }  # fmt: skip


def text_of(server: ServerProcess) -> str:
    status, answer, _ = server.request("POST", "/v1/completions", body())
    assert status == 200, answer
    return str(answer["choices"][0]["text"])


def reload(server: ServerProcess) -> None:
    status, answer, _ = server.request("POST", "/v1/admin/reload", {})
    assert status == 200, answer


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def loaded(server: ServerProcess) -> set[str]:
    """The decoders that the engine holds, by the beginning of their digests."""
    _, text, _ = server.request("GET", "/metrics")
    return set(re.findall(r'^cuebox_engine_free_blocks{decoder="(\w+)"}', text, re.MULTILINE))


def test_the_first_writer_brings_the_engine(tmp_path: Path, store: ObjectModelStore) -> None:
    with server_process(tmp_path) as server:
        assert server.request("POST", "/v1/completions", body())[0] == 404
        assert children(server.process.pid) == {}
        publish_writer(store, tmp_path / "files")
        reload(server)
        assert text_of(server)
        assert server.request("POST", "/v1/classify", {"model": "*", "input": "x"})[0] == 200
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "/site-packages/openvino/" not in maps
        engine = engine_of(server.process.pid)
        maps = Path(f"/proc/{engine}/maps").read_text()
        assert "/site-packages/openvino/" in maps
        assert str(tmp_path / "store") in maps  # the weights are the store's own file
        for heavy in ("torch", "onnxruntime", "uvloop", "sklearn", "scipy"):
            assert f"/site-packages/{heavy}/" not in maps


def test_models_say_what_their_prompts_begin_with(tmp_path: Path, store: ObjectModelStore) -> None:
    talker = publish_writer(store, tmp_path / "talker", name="talker")
    # The same tokenizer, of one that never learnt what its marks of turns mean.
    plain = talker.body | {"turns": False}
    plain_one = msgspec.structs.replace(talker, name="plain", body=plain, version="", created="")
    store.move_alias("plain", "production", store.publish(plain_one).version)
    with server_process(tmp_path) as server:
        _, listed, _ = server.request("GET", "/v1/models")
        openings = {model["id"]: model["opening"] for model in listed["data"]}
        assert openings == {"mood": "", "plain": "", "talker": "<|agent|>"}
        _, one, _ = server.request("GET", "/v1/models/talker")
        assert one["opening"] == "<|agent|>"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_new_version_takes_over_while_the_old_one_writes_on(
    tmp_path: Path, store: ObjectModelStore, workers: int
) -> None:
    old = publish_writer(store, tmp_path / "old", context=4096).decoder
    with server_process(tmp_path, "--workers", str(workers), environment=LONG) as server:
        before = text_of(server)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        content = json.dumps(body(3_500, stream=True))
        connection.request("POST", "/v1/completions", content, {"Content-Type": "application/json"})
        stream = connection.getresponse()
        stream.readline()
        new = publish_writer(store, tmp_path / "new", seed=1).decoder
        reload(server)
        until(lambda: text_of(server) != before)
        answer = stream.read().decode()
        connection.close()
        assert '"finish_reason":"length"' in answer
        assert answer.endswith("data: [DONE]\n\n")
        assert old is not None
        assert new is not None

        def only_the_new_one() -> bool:
            text_of(server)
            return loaded(server) == {new.digest[:12]}

        until(only_the_new_one)
