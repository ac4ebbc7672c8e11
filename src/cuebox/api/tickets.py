"""Short-lived links to what a browser opens by itself, where no API key can be sent along.

A frame or a new tab sends no `Authorization` header, and a key must never stand in an address. So
who may see a thing is asked once, under their key, and gets an address that says what it opens and
until when, signed by the server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ticket", "Tickets"]

_MAC_BYTES = 32
# A model's name, a version and the name of a file; far more than any needs.
_LONGEST = 4096


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a link opens.

    Attributes:
        until: Unix seconds after which it opens nothing.
    """

    model: str
    version: str
    file: str
    until: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Ticket)


class Tickets:
    """Signs and reads tickets.

    Args:
        secret: gives the key that all processes of one server share; asked at first use.
    """

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret
        self._key = b""

    def sign(self, ticket: Ticket) -> str:
        """The ticket as one segment of a path."""
        content = _encoder.encode(ticket)
        return _text(self._mac(content) + content)

    def read(self, text: str, now: float) -> Ticket:
        """The ticket, if this server signed it and it has not run out.

        Args:
            now: Unix seconds.

        Raises:
            NotFound: anything else; why is not told.
        """
        ticket = self.signed(text)
        if ticket is None or ticket.until < now:
            raise NotFound(
                "this link opens nothing, or no longer does: open the report from its model again"
            )
        return ticket

    def signed(self, text: str) -> Ticket | None:
        """The ticket, also when it has run out; None if this server did not sign it."""
        content = self._content(text)
        try:
            return _decoder.decode(content) if content else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _content(self, text: str) -> bytes:
        """What was signed; empty where the signature is not this server's."""
        if len(text) > _LONGEST:
            return b""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except ValueError:
            return b""
        # One text a ticket: the last character may have bits that mean nothing.
        if _text(sealed) != text:
            return b""
        mac, content = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        return content if hmac.compare_digest(mac, self._mac(content)) else b""

    def _mac(self, content: bytes) -> bytes:
        self._key = self._key or self._secret()
        return hmac.digest(self._key, content, hashlib.sha256)


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
