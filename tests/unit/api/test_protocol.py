"""Slow, hasty and vanished clients, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from cuebox.api.settings import LimitSettings, ServerSettings
from tests.fakes.http_server import RunningServer, exchange, running_server
from tests.fakes.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = b'{"model":"mood","input":"hello"}'
POST = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(BODY)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
CLOSE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

LIMITS = LimitSettings(
    max_body_bytes=10_000,
    max_header_bytes=2_000,
    max_connections=8,
    max_pipelined=4,
    header_timeout=0.3,
    body_timeout=0.3,
    min_body_rate=100_000,
    keep_alive=0.3,
    write_timeout=0.5,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    settings = ServerSettings(limits=LIMITS, drain_delay=0.0, shutdown_timeout=5)
    with running_server(tmp_path, Service(), settings) as running:
        yield running


def hold(server: RunningServer) -> asyncio.Event:
    """Let requests wait until the event is set (on the server's loop)."""
    event = asyncio.Event()
    server.service.hold = event
    return event


def test_half_a_header_is_answered_408_and_dropped(server: RunningServer) -> None:
    with server.connect() as client:
        assert exchange(client, POST[:40]).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_says_nothing_is_dropped_silently(server: RunningServer) -> None:
    with server.connect() as client:
        assert exchange(client) == b""


def test_half_a_body_is_answered_408_and_dropped(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(client, POST + BODY[:5])
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer


def test_dripping_a_header_or_body_does_not_help(server: RunningServer) -> None:
    for head in (b"GET /health/live HTTP/1.1\r\nX: ", POST.replace(b"32", b"9999")):
        with server.connect() as client:
            client.sendall(head)
            client.settimeout(0.02)
            begun, answer = time.monotonic(), b""
            while time.monotonic() - begun < 5:
                try:
                    client.sendall(b"x")
                    piece = client.recv(1000)
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
                answer += piece
                if not piece:
                    break
            assert time.monotonic() - begun < 3
            assert answer.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(server: RunningServer) -> None:
    event = hold(server)
    with server.connect() as client:
        client.sendall(POST + BODY)
        server.wait_until(server.service.entered.is_set)
        time.sleep(0.8)  # longer than every timeout for clients
        server.on_loop(event.set)
        begun = time.monotonic()
        assert exchange(client).startswith(b"HTTP/1.1 200 ")
        assert 0.2 < time.monotonic() - begun < 3


@pytest.mark.parametrize("size", [2_500, 1_000_000])
@pytest.mark.parametrize("complete", [True, False])
def test_headers_over_their_bound(server: RunningServer, size: int, complete: bool) -> None:
    head = b"GET /health/live HTTP/1.1\r\nX-Long: " + b"a" * size
    with server.connect() as client:
        answer = exchange(client, head + (b"\r\n\r\n" if complete else b""))
    # The rest of a long header may still be on its way, so the answer can be lost to a reset.
    assert answer.startswith(b"HTTP/1.1 431 ") or (answer == b"" and size > 500_000)


def test_a_large_body_is_not_taken_for_headers(server: RunningServer) -> None:
    body = b'{"model":"mood","input":"%s"}' % (b"a" * 9_000)
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with server.connect() as client:
        assert exchange(client, head % len(body) + body).startswith(b"HTTP/1.1 200 ")


def test_a_refused_body_is_read_so_that_the_answer_arrives(server: RunningServer) -> None:
    for framing, body in (
        (b"Content-Length: 39000", b"x" * 39_000),
        (b"Transfer-Encoding: chunked", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    ):
        head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n\r\n"
        rest = body if framing.startswith(b"Content") else body * 30 + b"0\r\n\r\n"
        with server.connect() as client:
            client.sendall(head)
            client.sendall(rest)
            client.sendall(CLOSE)
            answer = exchange(client)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert answer.count(b"HTTP/1.1 200 ") == 1


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    models = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.connect() as client:
        answer = exchange(client, POST + BODY + models + LIVE + CLOSE)
    assert answer.count(b"HTTP/1.1 200 ") == 4
    order = [answer.index(mark) for mark in (b'"usage"', b'"id":"mood"', b'"status":"ok"')]
    assert order == sorted(order)


def test_too_many_pipelined_requests(server: RunningServer) -> None:
    event = hold(server)
    with server.connect() as client:
        client.sendall(POST + BODY + LIVE * 50)
        server.wait_until(server.service.entered.is_set)
        server.on_loop(event.set)
        answer = exchange(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer


def test_rubbish_behind_a_request_does_not_disturb_its_answer(server: RunningServer) -> None:
    event = hold(server)
    with server.connect() as client:
        client.sendall(POST + BODY)
        server.wait_until(server.service.entered.is_set)
        client.sendall(b"\x00\x01rubbish\r\n\r\n")
        time.sleep(0.1)
        server.on_loop(event.set)
        answer = exchange(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"}")


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n1234",
        b"POST /v1/classify HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/classify HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\nX y: z\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_not_http_gets_400(server: RunningServer, data: bytes) -> None:
    with server.connect() as client:
        assert exchange(client, data).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("target", [b"*", b"http://localhost/health/live", b"//", b"/%", b"?"])
def test_odd_targets_never_break_the_server(server: RunningServer, target: bytes) -> None:
    with server.connect() as client:
        request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % target
        status = exchange(client, request)[9:12]
    assert status in (b"200", b"400", b"404", b"405")


def test_an_upgrade_is_answered_as_plain_http(server: RunningServer) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    with server.connect() as client:
        head = POST[:-2] + upgrade + b"\r\n"
        answers = exchange(client, head + BODY + head + BODY[:7])
        assert answers.startswith(b"HTTP/1.1 200 ")
    with server.connect() as client:
        client.sendall(head)
        time.sleep(0.05)
        assert exchange(client, BODY + CLOSE).count(b"HTTP/1.1 200 ") == 2


def test_it_is_no_proxy(server: RunningServer) -> None:
    with server.connect() as client:
        connect = b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n"
        assert exchange(client, connect).startswith(b"HTTP/1.1 400 ")


def test_expect_continue(server: RunningServer) -> None:
    with server.connect() as client:
        client.sendall(POST[:-2] + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        assert exchange(client, BODY).startswith(b"HTTP/1.1 200 ")


def test_too_many_connections(server: RunningServer) -> None:
    clients = [server.connect() for _ in range(8)]
    for client in clients:
        client.sendall(LIVE)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    with server.connect() as extra:
        assert exchange(extra).startswith(b"HTTP/1.1 503 ")
    for client in clients:
        client.close()
    server.wait_until(lambda: not server.server.server_state.connections)
    with server.connect() as client:
        assert exchange(client, CLOSE).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_leaves_cancels_its_request(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    hold(server)
    with caplog.at_level(logging.WARNING):
        with server.connect() as client:
            client.sendall(POST + BODY)
            server.wait_until(server.service.entered.is_set)
        server.wait_until(lambda: server.service.cancelled == 1)
        server.wait_until(lambda: not server.server.server_state.tasks)
    assert b'"status":499' in server.lines.lines[-1]
    assert caplog.text == ""


def test_a_client_that_leaves_with_requests_in_the_pipeline(server: RunningServer) -> None:
    hold(server)
    with server.connect() as client:
        client.sendall((POST + BODY) * 3)
        server.wait_until(server.service.entered.is_set)
    server.wait_until(lambda: server.service.cancelled == 1)
    server.wait_until(lambda: not server.server.server_state.tasks)
    assert len(server.service.deadlines) == 1


def test_a_client_that_does_not_read_is_dropped(server: RunningServer) -> None:
    rows = ",".join(['"x"'] * 2_000)
    body = b'{"model":"mood","input":[%s]}' % rows.encode()
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with server.connect() as client:
        request = head % len(body) + body
        client.settimeout(0.05)
        try:
            for _ in range(200):
                client.sendall(request)
        except (TimeoutError, ConnectionError):
            pass
        server.wait_until(lambda: not server.server.server_state.connections)


def test_http_1_0_closes(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(client, b"GET /health/live HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


def test_head_has_no_body(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(client, LIVE.replace(b"GET", b"HEAD") + CLOSE)
    first, _, second = answer.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
