"""The generator against real sockets: counts, failures, and coordinated omission."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ConfigError, Unavailable
from cuebox.loadtest.generator import LoadGenerator
from cuebox.loadtest.settings import LoadSettings
from cuebox.loadtest.target import Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cuebox.loadtest.recorder import LoadReport

Answer = tuple[int, bytes]


class Server:
    """A tiny HTTP server whose answers the test decides."""

    def __init__(
        self, handle: Callable[[bytes], Awaitable[Answer]], *, close: bool = False
    ) -> None:
        self.handle = handle
        self.close = close
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                body = await reader.readexactly(size)
                self.bodies.append(body)
                status, content = await self.handle(body)
                if not status:
                    break
                ending = b"Connection: close\r\n" if self.close else b""
                writer.write(
                    b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s"
                    % (status, len(content), ending, content)
                )
                if self.close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def run(server: Server, **settings: object) -> LoadReport:
    async def go() -> LoadReport:
        listening = await asyncio.start_server(server, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        options: dict[str, object] = {"clients": 4, "duration": 0.3, "warmup": 0.0, **settings}
        load = LoadSettings(url=f"http://127.0.0.1:{port}/x", **options)  # type: ignore[arg-type]
        try:
            return await LoadGenerator(load).run()
        finally:
            listening.close()

    return asyncio.run(go())


async def ok(_: bytes) -> Answer:
    return 200, b"fine"


def test_closed_loop_counts_and_sends_distinct_json() -> None:
    server = Server(ok)
    report = run(server)
    assert report.completed == report.offered > 10
    assert report.failed == {}
    texts = [json.loads(body)["input"] for body in server.bodies]
    assert len(set(texts)) == len(texts)
    assert report.latency_ms is not None
    assert report.latency_ms.p50 <= report.latency_ms.p99 <= report.latency_ms.max


def test_open_loop_keeps_the_rate() -> None:
    report = run(Server(ok), loop="open", rate=200.0, arrivals="constant", duration=0.5)
    assert report.offered == pytest.approx(100, abs=15)


def test_errors_are_counted_by_status() -> None:
    async def refuse(_: bytes) -> Answer:
        return 429, b"slow down"

    report = run(Server(refuse))
    assert report.completed == 0
    assert report.failed["429"] > 10
    assert report.latency_ms is None


def test_a_server_that_closes_after_each_answer_is_reconnected() -> None:
    report = run(Server(ok, close=True))
    assert report.completed > 10
    assert report.failed == {}


def test_broken_connections_are_failures() -> None:
    async def hang_up(_: bytes) -> Answer:
        return 0, b""

    report = run(Server(hang_up))
    assert report.failed["connection"] > 0


def test_a_stream_is_timed_to_its_first_byte_and_to_its_end() -> None:
    events = b'data: {"choices":[]}\n\n'

    async def stream(_: bytes) -> Answer:
        return 200, events * 3 + b"data: [DONE]\n\n"

    report = run(Server(stream))
    assert report.completed > 10
    assert report.failed == {}
    assert report.first_byte_ms is not None
    assert report.service_ms is not None
    assert 0 < report.first_byte_ms.p50 <= report.service_ms.p50


def test_a_stream_that_ends_in_an_error_failed() -> None:
    async def fail_late(_: bytes) -> Answer:
        return 200, b'data: {"choices":[]}\n\ndata: {"error":{"code":"unavailable"}}\n\n'

    report = run(Server(fail_late))
    assert report.completed == 0
    assert report.failed["stream"] > 10


def test_a_hanging_server_times_out() -> None:
    async def hang(_: bytes) -> Answer:
        await asyncio.sleep(60)
        return 200, b""

    report = run(Server(hang), timeout=0.3)
    assert report.completed == 0
    assert report.failed["timeout"] >= 4


def test_open_loop_charges_a_stall_to_every_request_that_waited() -> None:
    stalled = asyncio.Event()

    async def stall_once(_: bytes) -> Answer:
        if not stalled.is_set():
            stalled.set()
            await asyncio.sleep(0.3)
        return 200, b""

    report = run(
        Server(stall_once),
        loop="open",
        rate=100.0,
        arrivals="constant",
        clients=1,
        duration=0.6,
    )
    assert report.latency_ms is not None
    assert report.service_ms is not None
    # One slow answer among some sixty: the service time hides it, the latency does not.
    assert report.service_ms.p50 < 50
    assert report.latency_ms.p50 > 50 or report.latency_ms.p90 > 150


def test_nothing_listening_is_a_clear_error() -> None:
    settings = LoadSettings(url="http://127.0.0.1:1/x", duration=0.1)
    with pytest.raises(Unavailable, match="cannot connect to"):
        asyncio.run(LoadGenerator(settings).run())


@pytest.mark.parametrize(
    ("url", "body", "param"),
    [
        ("ftp://x/", "{text}", "url"),
        ("http:///x", "{text}", "url"),
        ("http://h/", '{"input": 1}', "body"),
    ],
)
def test_bad_targets_are_named(url: str, body: str, param: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Target.of(url, body, {})
    assert caught.value.param == param


def test_header_injection_is_refused() -> None:
    with pytest.raises(ConfigError):
        Target.of("http://h/", "{text}", {"X": "a\r\nEvil: yes"})
