"""Links that nobody signed, and windows that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuebox.api.tickets import Ticket, Tickets
from cuebox.core.errors import NotFound
from tests.fakes.http_server import exchange

if TYPE_CHECKING:
    from tests.fakes.http_server import RunningServer

TICKETS = Tickets(lambda: b"s" * 32)


@given(
    ticket=st.builds(
        Ticket, model=st.text(), version=st.text(), file=st.text(), until=st.integers(0, 2**60)
    )
)
def test_whatever_is_signed_comes_back(ticket: Ticket) -> None:
    assert TICKETS.read(TICKETS.sign(ticket), 0) == ticket


@given(text=st.text(st.characters()) | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_is_made_up_opens_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        TICKETS.read(text, 0)


@given(flips=st.sets(st.integers(0, 600), min_size=1))
def test_no_bit_can_be_flipped(flips: set[int]) -> None:
    signed = TICKETS.sign(Ticket("mood", "2026-11-21.1", "report.html", 1000))
    raw = bytearray(signed.encode())
    for flip in flips:
        raw[flip // 8 % len(raw)] ^= 1 << flip % 7
    changed = raw.decode("latin-1")
    if changed != signed:
        with pytest.raises(NotFound):
            TICKETS.read(changed, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.binary(max_size=300).filter(lambda raw: not set(raw) & set(b"\r\n\0 ?#")))
def test_a_server_answers_every_address_with_404_or_400(server: RunningServer, path: bytes) -> None:
    for route in (b"/reports/", b"/v1/monitor/"):
        with server.connect() as client:
            head = b"GET %s%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = exchange(client, head % (route, path))
        assert answer.split(b" ")[1] in (b"400", b"404", b"405"), answer[:200]
