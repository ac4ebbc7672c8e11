"""Read a request's body within bounds, and decode it with the field named when it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from cuebox.api.errors import UnsupportedMediaType, decode_error
from cuebox.core.errors import Cancelled, InvalidRequest, PayloadTooLarge

if TYPE_CHECKING:
    from cuebox.api.messages import Request

__all__ = ["check_json", "decode_json", "read_body"]

T = TypeVar("T")


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        PayloadTooLarge: announced or counted over `limit` bytes.
        Cancelled: the client left before the end.
    """
    declared = request.headers.get(b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared[:20]) > limit):
        raise _too_large(limit)
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    pieces = bytearray()
    while True:
        if message["type"] != "http.request":
            raise Cancelled("the client left before its body was complete")
        pieces += message.get("body", b"")
        if len(pieces) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(pieces)
        message = await request.receive()


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body is over {limit} bytes: send fewer inputs per request")


def check_json(request: Request) -> None:
    """Refuse a body that says it is something else than JSON.

    `curl -d` announces a form unless told otherwise: a body that opens with a brace is taken.

    Raises:
        UnsupportedMediaType: another content type, or a content encoding.
    """
    headers = request.headers
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("the body must not be compressed: drop Content-Encoding")
    declared = headers.get(b"content-type", b"application/json")
    if declared == b"application/json":
        return
    media = declared.split(b";", 1)[0].strip().lower()
    if media == b"application/json" or media.endswith(b"+json"):
        return
    if media in _LENIENT and request.body.lstrip()[:1] == b"{":
        return
    raise UnsupportedMediaType(
        f"Content-Type {media[:80].decode('latin-1')!r} is not read here: "
        "send application/json (curl: -H 'content-type: application/json')"
    )


_LENIENT = (b"application/x-www-form-urlencoded", b"text/plain", b"application/octet-stream")


def decode_json(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode `body`.

    Raises:
        InvalidRequest: malformed, of the wrong shape, not UTF-8 or nested too deeply.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not body:
            raise InvalidRequest("the body is empty: send a JSON object") from error
        raise decode_error(error) from error
