from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.api.tickets import Ticket, Tickets
from cuebox.core.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

TICKET = Ticket("mood", "2026-11-21.1", "report.html", 1000)
TICKETS = Tickets(lambda: b"s" * 32)
SIGNED = TICKETS.sign(TICKET)


def test_what_was_signed_is_read_until_it_runs_out() -> None:
    assert TICKETS.read(SIGNED, 1000) == TICKET
    with pytest.raises(NotFound):
        TICKETS.read(SIGNED, 1000.5)


def test_another_worker_with_the_secret_reads_it_and_another_server_does_not() -> None:
    assert Tickets(lambda: b"s" * 32).read(SIGNED, 0) == TICKET
    with pytest.raises(NotFound):
        Tickets(lambda: b"t" * 32).read(SIGNED, 0)


def test_it_is_one_segment_of_a_path() -> None:
    assert SIGNED.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("place", range(len(SIGNED)))
def test_no_character_can_be_changed(place: int) -> None:
    other = "A" if SIGNED[place] != "A" else "B"
    with pytest.raises(NotFound):
        TICKETS.read(SIGNED[:place] + other + SIGNED[place + 1 :], 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "x",
        lambda _: "é" * 40,
        lambda _: "\ud800",
        lambda _: "A" * 100_000,
        lambda text: text + "A",
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: text[:-1],
        lambda text: text[:43],
        lambda text: text.lower(),
    ],
)
def test_anything_else_opens_nothing(spoil: Callable[[str], str]) -> None:
    with pytest.raises(NotFound):
        TICKETS.read(spoil(SIGNED), 0)


def test_a_content_of_another_shape_opens_nothing_though_it_is_signed() -> None:
    import hashlib
    import hmac

    content = msgspec.msgpack.encode(["mood", 7])
    mac = hmac.digest(b"s" * 32, content, hashlib.sha256)
    text = base64.urlsafe_b64encode(mac + content).rstrip(b"=").decode()
    with pytest.raises(NotFound):
        TICKETS.read(text, 0)
