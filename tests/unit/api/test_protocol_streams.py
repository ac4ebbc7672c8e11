"""Streams over real sockets: who leaves, who does not read, and what the connection is after."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.api.settings import LimitSettings, ServerSettings
from tests.fakes.http_server import RunningServer, exchange, running_server
from tests.fakes.service import Service
from tests.fakes.sse import events, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def post(version: str = "1.1", **fields: Any) -> bytes:
    body = msgspec.json.encode({"model": "writer", "prompt": "a", "stream": True} | fields)
    head = f"POST /v1/completions HTTP/{version}\r\nHost: localhost\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def unchunk(body: bytes) -> tuple[bytes, bytes]:
    """The body of a chunked answer, and what follows it."""
    joined = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return joined, body.removeprefix(b"\r\n")
        joined, body = joined + body[:length], body[length + 2 :]


def read_until(client: socket.socket, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        piece = client.recv(65_536)
        assert piece, received
        received += piece
    return received


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    limits = LimitSettings(keep_alive=0.5, header_timeout=0.5, write_timeout=0.4)
    settings = ServerSettings(limits=limits, drain_delay=0.0, shutdown_timeout=5)
    with running_server(tmp_path, Service(), settings) as running:
        yield running


def pause(server: RunningServer) -> asyncio.Event:
    """Let streams wait after their first word until the event is set (on the server's loop)."""
    server.service.pause = event = asyncio.Event()
    return event


def test_words_are_sent_as_they_come_and_the_connection_stays(server: RunningServer) -> None:
    event = pause(server)
    with server.connect() as client:
        client.sendall(post(max_tokens=3))
        begun = read_until(client, b'" one"')
        assert b" two" not in begun
        server.on_loop(event.set)
        rest = begun + read_until(client, b"0\r\n\r\n")
        head, _, body = rest.partition(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert b"connection: close" not in head
        stream, after = unchunk(body)
        assert texts(stream) == {0: " one two three"}
        assert after == b""
        client.sendall(post(max_tokens=1, stream=False))
        assert read_until(client, b'"usage"').startswith(b"HTTP/1.1 200 ")
        assert exchange(client, LIVE).startswith(b"HTTP/1.1 200 ")


def test_words_of_one_step_travel_together(server: RunningServer) -> None:
    with server.connect() as client:
        client.sendall(post(max_tokens=2, n=4))
        answer = read_until(client, b"0\r\n\r\n")
    chunks = [int(size, 16) for size in re.findall(rb"\r\n([0-9a-f]+)\r\ndata: ", answer)]
    assert answer.count(b"data: ") == 2 * 4 + 1
    assert len(chunks) <= 3


def test_pipelined_streams_are_answered_in_order(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(client, post(prompt="x", echo=True) + post(max_tokens=1) + LIVE)
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert answer.count(b"data: [DONE]") == 2
    assert answer.index(b'"x"') < answer.index(b'"status":"ok"')


def test_http_1_0_gets_a_plain_body_and_a_closed_door(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(client, post("1.0", max_tokens=2))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert texts(body) == {0: " one two"}


def test_head_is_not_answered_with_text(server: RunningServer) -> None:
    with server.connect() as client:
        answer = exchange(
            client, b"HEAD /v1/completions HTTP/1.1\r\nHost: localhost\r\n\r\n" + LIVE
        )
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert rest.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prompts", [1, 3])
def test_a_client_that_leaves_before_the_first_word_frees_its_place(
    server: RunningServer, stream: bool, prompts: int
) -> None:
    server.service.hold = asyncio.Event()
    with server.connect() as client:
        client.sendall(post(stream=stream, prompt=["a"] * prompts))
        server.wait_until(lambda: server.service.generating == prompts)
    server.wait_until(lambda: server.service.generating == 0)
    server.wait_until(lambda: not server.server.server_state.tasks)
    assert b'"status":499' in server.lines.lines[-1]


@pytest.mark.parametrize("prompts", [1, 3])
def test_a_client_that_leaves_a_stream_frees_its_place(server: RunningServer, prompts: int) -> None:
    pause(server)
    with server.connect() as client:
        client.sendall(post(prompt=["a"] * prompts))
        read_until(client, b'" one"')
        assert server.service.generating == prompts
    server.wait_until(lambda: server.service.generating == 0)
    server.wait_until(lambda: not server.server.server_state.tasks)
    assert b'"status":499' in server.lines.lines[-1]


def test_a_client_that_does_not_read_its_stream_is_dropped(server: RunningServer) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", server.port))
        # Far more than the buffers of both sides hold.
        client.sendall(post(prompt="p" * 900_000, echo=True, n=16))
        server.wait_until(lambda: bool(server.service.prompts))
        server.wait_until(lambda: not server.server.server_state.connections)
    server.wait_until(lambda: server.service.generating == 0)
    server.wait_until(lambda: not server.server.server_state.tasks)


def test_a_slow_reader_gets_everything(server: RunningServer) -> None:
    received = b""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(10)
        client.connect(("127.0.0.1", server.port))
        client.sendall(post(prompt="p" * 100_000, echo=True, n=16, max_tokens=1))
        while not received.endswith(b"0\r\n\r\n"):
            received += client.recv(50_000)
    stream, _ = unchunk(received.partition(b"\r\n\r\n")[2])
    assert {len(text) for text in texts(stream).values()} <= set(range(100_004, 100_007))
    assert events(stream)[-1] == "[DONE]"


def test_a_stream_is_finished_while_the_server_drains(server: RunningServer) -> None:
    event = pause(server)
    with server.connect() as client:
        client.sendall(post(max_tokens=2))
        answer = read_until(client, b'" one"')
        server.stop()
        server.wait_until(lambda: server.server.should_exit)
        server.on_loop(event.set)
        answer += exchange(client)
    assert b"data: [DONE]" in answer


def test_a_stream_that_outlasts_the_drain_is_told_so(tmp_path: Path) -> None:
    settings = ServerSettings(drain_delay=0.0, shutdown_timeout=1)
    service = Service()
    with running_server(tmp_path, service, settings) as server, server.connect() as client:
        pause(server)
        client.sendall(post(max_tokens=2))
        answer = read_until(client, b'" one"')
        server.stop()
        with contextlib.suppress(ConnectionError):
            answer += exchange(client)
    stream, _ = unchunk(answer.partition(b"\r\n\r\n")[2])
    last = events(stream)[-1]
    assert isinstance(last, dict)
    assert "stopping" in last["error"]["message"]  # type: ignore[index]
    assert service.generating == 0
