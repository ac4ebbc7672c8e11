"""Stopping: what was begun is answered, and nothing new is lost without a word."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from cuebox.api.settings import ServerSettings
from tests.fakes.http_server import exchange, running_server
from tests.fakes.service import Service

if TYPE_CHECKING:
    from pathlib import Path

BODY = b'{"model":"mood","input":"hello"}'
POST = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(BODY)
READY = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_requests_in_flight_are_answered(tmp_path: Path) -> None:
    service = Service()
    with running_server(tmp_path, service) as server:
        service.hold = event = asyncio.Event()
        with server.connect() as client:
            client.sendall(POST + BODY)
            server.wait_until(service.entered.is_set)
            server.stop()
            server.wait_until(lambda: server.server.should_exit)
            server.on_loop(event.set)
            answer = exchange(client)
        assert answer.startswith(b"HTTP/1.1 200 ")
        server.thread.join(10)
        assert not server.thread.is_alive()


def test_while_draining_answers_go_on_and_close_their_connection(tmp_path: Path) -> None:
    settings = ServerSettings(drain_delay=1.0)
    with running_server(tmp_path, settings=settings) as server, server.connect() as kept:
        kept.sendall(READY)
        assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
        server.stop()
        server.wait_until(lambda: server.server.should_exit)
        with server.connect() as fresh:
            refused = exchange(fresh, READY)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b'"draining"' in refused
        answer = exchange(kept, POST + BODY)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer


def test_what_takes_too_long_is_told_so(tmp_path: Path) -> None:
    service = Service()
    settings = ServerSettings(drain_delay=0.0, shutdown_timeout=1)
    with running_server(tmp_path, service, settings) as server, server.connect() as client:
        service.hold = asyncio.Event()
        client.sendall(POST + BODY)
        server.wait_until(service.entered.is_set)
        server.stop()
        answer = exchange(client)
        assert answer.startswith(b"HTTP/1.1 503 ") or answer == b""
        server.thread.join(10)
        assert not server.thread.is_alive()


def test_nothing_is_lost_under_load(tmp_path: Path) -> None:
    """Clients that reconnect when told to never see a request without an answer."""
    lost: list[bytes] = []
    answered: list[int] = []
    begun = threading.Event()

    def client() -> None:
        while True:
            try:
                connection = server.connect()
            except ConnectionError:
                return
            with connection:
                while True:
                    try:
                        connection.sendall(POST + BODY)
                        answer = connection.recv(4096)
                    except ConnectionError:
                        answer = b""
                    if not answer.startswith(b"HTTP/1.1 200 "):
                        # A connection that was refused in the queue was never a request.
                        lost.append(answer)
                        return
                    answered.append(1)
                    begun.set()
                    if b"connection: close" in answer:
                        break

    with running_server(tmp_path, settings=ServerSettings(drain_delay=0.5)) as server:
        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert begun.wait(10)
        server.stop()
        for thread in threads:
            thread.join(20)
    assert len(answered) > 8
    # One connection per client may be in the accept queue at the moment the port closes.
    assert [answer for answer in lost if answer] == []
    assert len(lost) <= len(threads)
