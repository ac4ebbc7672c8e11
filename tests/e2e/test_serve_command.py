"""`cuebox serve` and `cuebox keys` as a person uses them."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import msgspec
import pytest

from tests.fakes.server_process import ServerProcess, server_process

if TYPE_CHECKING:
    from pathlib import Path

CUEBOX = [sys.executable, "-P", "-m", "cuebox.cli"]


def ask(
    server: ServerProcess, path: str, body: Any = None, *, key: str = "", context: Any = None
) -> Any:
    data = None if body is None else msgspec.json.encode(body)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(server.ready["url"] + path, data, headers)
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:
        content = answer.read()
        kind = answer.headers["content-type"]
        return msgspec.json.decode(content) if kind == "application/json" else content.decode()


def status_of(server: ServerProcess, path: str, body: Any = None, *, key: str = "") -> int:
    try:
        ask(server, path, body, key=key)
    except HTTPError as error:
        with error:
            return error.code
    return 200


def cuebox(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CUEBOX, *arguments],
        cwd=folder,
        env=os.environ | {"CUEBOX_SERVER__AUTH__KEYS_FILE": str(folder / "keys.json")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_it_says_when_it_is_ready(server: ServerProcess) -> None:
    assert server.ready["event"] == "ready"
    assert sorted(name.partition("@")[0] for name in server.ready["models"]) == [
        "intent", "mood", "tiny",
    ]  # fmt: skip
    assert server.url.startswith("http://127.0.0.1:")


def test_every_classifier_at_once(server: ServerProcess) -> None:
    answer = ask(server, "/v1/classify", {"model": "*", "input": "where is my card"})
    results = {result["model"]: result for result in answer["data"][0]["results"]}
    assert set(results) == {"intent", "mood"}
    assert results["mood"]["labels"][0]["label"] == "glad"


def test_keys_from_creation_to_revocation_without_a_restart(tmp_path: Path, store: Path) -> None:
    body = {"model": "mood", "input": "hello"}
    token = cuebox(tmp_path, "keys", "create", "shop").stdout.strip()
    with server_process(tmp_path, "--store", str(store)) as running:
        assert running.ready["auth"] is True
        assert status_of(running, "/v1/classify", body) == 401
        assert status_of(running, "/v1/classify", body, key=token) == 200
        assert status_of(running, "/metrics", key=token) == 403
        admin = cuebox(tmp_path, "keys", "create", "ops", "--scope", "admin", "--json").stdout
        admin_token = msgspec.json.decode(admin)["token"]
        time.sleep(1.1)  # the file is looked at once a second
        assert status_of(running, "/v1/admin/models", key=admin_token) == 200
        assert cuebox(tmp_path, "keys", "revoke", "shop").returncode == 0
        time.sleep(1.1)
        assert status_of(running, "/v1/classify", body, key=token) == 401
        assert running.stop() == 0
    assert token not in "".join(running.logs)
    listed = msgspec.json.decode(cuebox(tmp_path, "keys", "list", "--json").stdout)
    assert [(key["name"], bool(key["revoked"])) for key in listed] == [
        ("shop", True), ("ops", False),
    ]  # fmt: skip
    assert "shop" in cuebox(tmp_path, "keys", "list").stdout


def test_an_open_address_without_keys_is_refused(tmp_path: Path, store: Path) -> None:
    refused = cuebox(tmp_path, "serve", "--store", str(store), "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 2
    assert "cuebox keys create" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["keys", "create", "x", "--scope", "root"], "root"),
        (["keys", "create", "x", "--expires", "soon"], "soon"),
        (["keys", "revoke", "nobody"], "nobody"),
        (["serve", "--port", "70000"], "port"),
        (["serve", "--config", "missing.toml"], "missing.toml"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = cuebox(tmp_path, *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_tls(tmp_path: Path, store: Path) -> None:
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    with server_process(
        tmp_path, "--store", str(store), "--tls-certificate", certificate, "--tls-private-key", key
    ) as running:
        assert running.ready["url"].startswith("https://")
        context = ssl.create_default_context(cafile=certificate)
        body = {"model": "mood", "input": "hello"}
        assert ask(running, "/v1/classify", body, context=context)["usage"]["rows"] == 1
        assert running.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_is_clean(tmp_path: Path, store: Path, number: signal.Signals) -> None:
    with server_process(tmp_path, "--store", str(store)) as running:
        running.process.send_signal(number)
        assert running.wait() == 0
    events = [msgspec.json.decode(line)["event"] for line in running.logs]
    assert events[-2:] == ["draining", "stopped"]


def test_a_taken_port_is_said(tmp_path: Path, server: ServerProcess, store: Path) -> None:
    port = server.url.rpartition(":")[2]
    refused = cuebox(tmp_path, "serve", "--store", str(store), "--port", port)
    assert refused.returncode == 2
    assert port in refused.stderr


@pytest.mark.slow
def test_workers_share_the_port_the_metrics_and_the_drain(tmp_path: Path, store: Path) -> None:
    with server_process(tmp_path, "--store", str(store), "--workers", "2") as running:
        body = {"model": "mood", "input": "hello"}
        for _ in range(40):
            assert status_of(running, "/v1/classify", body) == 200
        time.sleep(1.5)  # states are written once a second
        line = 'cuebox_http_requests_total{route="/v1/classify",status="200"} 40'
        assert line in ask(running, "/metrics")
        assert running.stop() == 0
    assert "Traceback" not in "".join(running.logs)


@pytest.mark.slow
def test_a_killed_worker_is_replaced(tmp_path: Path, store: Path) -> None:
    with server_process(tmp_path, "--store", str(store), "--workers", "2") as running:
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(running.process.pid)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        pids = [int(pid) for pid in children.stdout.split()]
        assert len(pids) == 2
        subprocess.run(["kill", "-9", str(pids[0])], check=True)
        deadline = time.monotonic() + 20
        while "restart_in_seconds" not in "".join(running.logs):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for _ in range(20):
            assert status_of(running, "/health/live") == 200
        assert running.stop() == 0


def test_a_request_in_flight_survives_sigterm(tmp_path: Path, store: Path) -> None:
    rows = [f"row {index} of a long request" for index in range(4_000)]
    answers: list[int] = []

    def bulk(running: ServerProcess) -> None:
        host, _, port = running.url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        content = msgspec.json.encode({"model": "*", "input": rows})
        connection.request("POST", "/v1/classify", content)
        response = connection.getresponse()
        answers.append(len(msgspec.json.decode(response.read())["data"]))
        connection.close()

    with server_process(tmp_path, "--store", str(store)) as running:
        client = threading.Thread(target=bulk, args=(running,))
        client.start()
        deadline = time.monotonic() + 20
        while "cuebox_pending_rows 4000" not in ask(running, "/metrics"):
            assert time.monotonic() < deadline
        assert running.stop() == 0
        client.join(20)
    assert answers == [4_000]
