"""Bytes of every sort on a socket: an answer or a closed door, and the server lives on."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.http_server import RunningServer, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BODY = b'{"model":"mood","input":"hello"}'
HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\n"
POST = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def send(server: RunningServer, pieces: Sequence[bytes]) -> list[int]:
    """Statuses of the answers to what was sent, a piece at a time."""
    with server.connect(5) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
        except ConnectionError:
            return []
        return [int(code) for code in STATUS.findall(exchange(client))]


@pytest.fixture(autouse=True)
def still_alive(server: RunningServer) -> Iterator[None]:
    yield
    assert send(server, [POST + BODY]) == [200]
    server.wait_until(lambda: not server.server.server_state.tasks)


@settings(max_examples=40, deadline=None)
@given(data=st.binary(min_size=1, max_size=300))
def test_random_bytes(server: RunningServer, data: bytes) -> None:
    assert all(status < 500 for status in send(server, [data]))


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(POST + BODY) + 19), max_size=5))
def test_a_request_in_any_pieces(server: RunningServer, cuts: list[int]) -> None:
    data = POST[:-2] + b"Connection: close\r\n\r\n" + BODY
    edges = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges) if a < b]
    assert send(server, pieces) == [200]


@settings(max_examples=12, deadline=None)
@given(length=st.integers(1, len(POST + BODY) - 1))
def test_a_request_cut_anywhere_is_408(server: RunningServer, length: int) -> None:
    assert send(server, [(POST + BODY)[:length]]) == [408]


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    broken=st.sampled_from([b"", b"zz\r\n", b"-1\r\n", b"fffffffffffffffff\r\n", b"5\r\nab"]),
)
def test_chunks(server: RunningServer, sizes: list[int], broken: bytes) -> None:
    sent, rest = b"", BODY
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        if piece:
            sent += b"%x\r\n%s\r\n" % (len(piece), piece)
    if broken:
        assert send(server, [CHUNKED + sent + broken]) in ([400], [408])
    else:
        if rest:
            sent += b"%x\r\n%s\r\n" % (len(rest), rest)
        assert send(server, [CHUNKED + sent + b"0\r\n\r\n"]) == [200]


@settings(max_examples=20, deadline=None)
@given(
    mutations=st.lists(
        st.tuples(st.integers(0, len(POST + BODY) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=4,
    )
)
def test_flipped_bytes(server: RunningServer, mutations: list[tuple[int, int]]) -> None:
    data = bytearray(POST + BODY)
    for position, value in mutations:
        data[position] = value
    assert all(status < 500 for status in send(server, [bytes(data)]))


@settings(max_examples=10, deadline=None)
@given(count=st.integers(1, 30))
def test_pipelines_are_answered_in_full(server: RunningServer, count: int) -> None:
    assert send(server, [(POST + BODY) * count]) == [200] * count


def test_smuggling_is_refused(server: RunningServer) -> None:
    both = HEAD + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
    twice = HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
    folded = HEAD + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n"
    coded = HEAD + b"Transfer-Encoding: gzip, chunked, identity\r\n\r\n0\r\n\r\n"
    for request in (both, twice, folded, coded):
        statuses = send(server, [request])
        assert statuses[:1] == [400], request


def test_a_megabyte_of_headers(server: RunningServer) -> None:
    many = HEAD + b"".join(b"X-%d: %s\r\n" % (i, b"v" * 100) for i in range(10_000)) + b"\r\n"
    one = HEAD + b"X: " + b"v" * 1_000_000 + b"\r\n\r\n"
    target = b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n"
    for request in (many, one, target):
        assert send(server, [request]) in ([431], [])


def test_a_body_over_the_limit(server: RunningServer) -> None:
    size = 3_000_000
    head = HEAD + b"Content-Length: %d\r\n\r\n" % size
    assert send(server, [head, b"x" * size]) == [413]
    chunk = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    assert send(server, [CHUNKED, chunk * 30, b"0\r\n\r\n"]) == [413]


def test_hundreds_of_streams_that_nobody_waits_for(server: RunningServer) -> None:
    body = b'{"model":"writer","prompt":"a","max_tokens":2000,"n":16,"stream":true}'
    head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    for _ in range(200):
        with server.connect(5) as client:
            client.sendall(head % len(body) + body)
    server.wait_until(lambda: not server.server.server_state.connections)
    server.wait_until(lambda: server.service.generating == 0)


def test_hundreds_of_half_open_requests(server: RunningServer) -> None:
    clients = [server.connect(5) for _ in range(300)]
    for client in clients:
        client.sendall(POST[:30])
    # Ordinary clients are served meanwhile.
    assert send(server, [POST + BODY]) == [200]
    assert all(exchange(client).startswith(b"HTTP/1.1 408") for client in clients)
    for client in clients:
        client.close()
    server.wait_until(lambda: not server.server.server_state.connections)
