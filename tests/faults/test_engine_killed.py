"""The process that holds the language models dies, or the ones around it do."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import stat
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.store import open_store
from tests.fakes.decoder_files import SPECIAL_TOKENS
from tests.fakes.models import publish_head
from tests.fakes.process_tree import children, engine_of, gone
from tests.fakes.reply_models import publish_reply_model
from tests.fakes.server_process import ServerProcess, server_process
from tests.fakes.tiny_writer import publish_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONG = {"CUEBOX_GENERATION__MAX_TOKENS": "4000"}
# No special token, each of which ends an answer: these end by their length.
ENDLESS = {str(token): -100 for token in range(len(SPECIAL_TOKENS))}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    store = open_store(str(folder / "store"), cache_dir=str(folder / "cache"))
    publish_writer(store, folder / "files", context=4096)
    publish_head(store, "mood", labels=("sad", "glad"), favourite=1)
    publish_reply_model(store, completion="writer")
    return folder / "store"


@contextlib.contextmanager
def serving(tmp_path: Path, store: Path, workers: int) -> Iterator[ServerProcess]:
    arguments = ("--store", str(store), "--workers", str(workers))
    with server_process(tmp_path, *arguments, environment=LONG) as server:
        yield server


def body(tokens: int, **fields: Any) -> dict[str, Any]:
    return {
        "model": "writer", "prompt": "I would like", "max_tokens": tokens, "seed": 1,
        "logit_bias": ENDLESS, **fields,
    }  # fmt: skip


class Asking(threading.Thread):
    """One request in the background.

    Attributes:
        status, answer: once it is joined.
    """

    def __init__(self, server: ServerProcess, fields: dict[str, Any]) -> None:
        super().__init__()
        self.status = 0
        self.answer: Any = None
        self._server = server
        self._fields = fields
        self.start()

    def run(self) -> None:
        self.status, self.answer, _ = self._server.request("POST", "/v1/completions", self._fields)


class Stream:
    """A streamed answer whose first piece has arrived."""

    def __init__(self, server: ServerProcess, fields: dict[str, Any]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        content = json.dumps(fields | {"stream": True})
        self._connection.request(
            "POST", "/v1/completions", content, {"Content-Type": "application/json"}
        )
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        assert self._answer.readline().startswith(b"data: ")

    def rest(self) -> str:
        try:
            return self._answer.read().decode()
        finally:
            self._connection.close()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def ready(server: ServerProcess) -> bool:
    return server.request("GET", "/health/ready")[0] == 200


def metric(server: ServerProcess, name: str) -> float:
    _, text, _ = server.request("GET", "/metrics")
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, found))


def keep_dead(server: ServerProcess) -> None:
    """Kill the engine until its next one is a while in coming: one that dies young waits longer."""
    dead = 0
    for _ in range(3):
        engine = engine_of(server.process.pid, but=dead)
        until(lambda: ready(server))
        os.kill(engine, signal.SIGKILL)
        dead = engine
        until(lambda: not ready(server))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_engine_is_replaced_and_little_is_lost(
    tmp_path: Path, store: Path, workers: int
) -> None:
    with serving(tmp_path, store, workers) as server:
        expected = server.request("POST", "/v1/completions", body(1_000))[1]["choices"]
        engine = engine_of(server.process.pid)
        whole = Asking(server, body(1_000))
        streamed = Stream(server, body(3_900))  # admitted after it, and running now
        os.kill(engine, signal.SIGKILL)
        assert '"code":"unavailable"' in streamed.rest()
        until(lambda: ready(server))
        assert engine_of(server.process.pid, but=engine) != engine
        whole.join()
        assert whole.status in {200, 503}
        if whole.status == 200:
            assert whole.answer["choices"] == expected
        status, answer, _ = server.request("POST", "/v1/completions", body(1_000))
        assert (status, answer["choices"]) == (200, expected)
        until(lambda: metric(server, "cuebox_engine_restarts_total") == 1)
    assert server.process.returncode == 0


def test_a_dead_engine_is_told_and_classifiers_answer(tmp_path: Path, store: Path) -> None:
    with serving(tmp_path, store, 1) as server:
        keep_dead(server)
        status, answer, headers = server.request("POST", "/v1/completions", body(5))
        assert status == 503
        assert answer["error"]["code"] == "unavailable"
        assert headers["retry-after"] == "1"
        status, readiness, _ = server.request("GET", "/health/ready")
        assert (status, readiness["state"]) == (503, "recovering")
        assert "engine process" in readiness["failures"]["writer"]
        assert server.request("POST", "/v1/classify", {"model": "mood", "input": "hi"})[0] == 200
        until(lambda: ready(server))
        assert server.request("POST", "/v1/completions", body(5))[0] == 200


def test_replies_do_not_wait_for_a_dead_engine(tmp_path: Path, store: Path) -> None:
    said = {"role": "user", "text": "Where is my order 81?"}
    asked = {
        "conversation": [said], "draft": "One m", "max_time_ms": 5_000,
        "coverage": {"reply": 1.0, "completion": 1.0},
    }  # fmt: skip
    with serving(tmp_path, store, 1) as server:
        keep_dead(server)
        status, answer, _ = server.request("POST", "/v1/suggest", asked)
        assert status == 200
        assert "One moment, please." in [reply["text"] for reply in answer["replies"]]
        assert answer["completion"] is None
        assert [(one["source"], one["code"]) for one in answer["failed"]] == [
            ("completion", "unavailable")
        ]
        until(lambda: ready(server))
        status, answer, _ = server.request("POST", "/v1/suggest", asked)
        assert (status, answer["failed"], answer["late"]) == (200, [], [])


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_is_left_when_the_server_is_killed(
    tmp_path: Path, store: Path, workers: int
) -> None:
    with serving(tmp_path, store, workers) as server:
        engine_of(server.process.pid)
        family = children(server.process.pid)
        assert len(family) == (1 if workers == 1 else workers + 1)
        stream = Stream(server, body(3_900))
        server.process.kill()
        server.wait()
        assert all(gone(pid) for pid in family)
        with contextlib.suppress(http.client.IncompleteRead, ConnectionResetError):
            stream.rest()


def test_a_killed_worker_leaves_no_work_behind(tmp_path: Path, store: Path) -> None:
    with serving(tmp_path, store, 2) as server:
        streams = [Stream(server, body(3_900)) for _ in range(6)]
        workers = [
            pid for pid, command in children(server.process.pid).items() if "api.worker" in command
        ]
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        for stream in streams:
            with contextlib.suppress(http.client.IncompleteRead, ConnectionResetError):
                stream.rest()
        until(lambda: len(children(server.process.pid)) == 3)

        def at_rest() -> bool:
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                return (
                    ready(server)
                    and server.request("POST", "/v1/completions", body(1))[0] == 200
                    and metric(server, "cuebox_engine_running_requests") == 0
                )
            return False

        until(at_rest)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_runs_at_sigterm_is_finished(tmp_path: Path, store: Path, workers: int) -> None:
    with serving(tmp_path, store, workers) as server:
        whole = Asking(server, body(2_000))
        streamed = Stream(server, body(1_500))
        engine = engine_of(server.process.pid)
        os.kill(engine, signal.SIGTERM)  # as a service manager signals a whole group
        server.terminate()
        assert streamed.rest().endswith("data: [DONE]\n\n")
        whole.join()
        assert whole.status == 200
        assert server.wait() == 0
        assert gone(engine)


def test_the_socket_is_for_its_owner_only(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "t"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with serving(tmp_path, store, 1):
        (path,) = scratch.glob("cuebox-*/engine.sock")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not list(scratch.glob("cuebox-*"))
