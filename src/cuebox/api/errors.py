"""Errors on the wire: which status each class gets, and the two dialects of the body."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import msgspec

from cuebox.api.messages import JSON, Response
from cuebox.core import errors as core

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "STATUS",
    "ErrorBody",
    "ErrorDetail",
    "HeadersTooLarge",
    "MethodNotAllowed",
    "OipError",
    "RequestTimeout",
    "Superseded",
    "TooManyConnections",
    "UnsupportedMediaType",
    "UnsupportedParameter",
    "decode_error",
    "error_body",
    "error_codes",
    "error_response",
    "public_error",
    "status_line",
    "status_of",
]

Dialect = Literal["openai", "oip"]

logger = logging.getLogger("cuebox.api")


class MethodNotAllowed(core.InvalidRequest):
    """The path exists, with other methods; `allow` lists them."""

    code = "method_not_allowed"

    def __init__(self, message: str, *, allow: Iterable[str]) -> None:
        super().__init__(message)
        self.allow = ", ".join(allow)


class UnsupportedMediaType(core.InvalidRequest):
    """The body is not in a format this route reads."""

    code = "unsupported_media_type"


class UnsupportedParameter(core.InvalidRequest):
    """A field of the dialect that nothing here can honour."""

    code = "unsupported_parameter"


class Superseded(core.Conflict):
    """A newer request of the same session took the place of this one."""

    code = "superseded"


class RequestTimeout(core.InvalidRequest):
    """The client was too slow to send its request."""

    code = "request_timeout"


class HeadersTooLarge(core.InvalidRequest):
    """The request line and headers are over their limit."""

    code = "headers_too_large"


class TooManyConnections(core.Unavailable):
    """The server has as many connections open as it allows."""

    code = "too_many_connections"


# Class to HTTP status and OpenAI's error type; a subclass without a row takes its parent's.
STATUS: dict[type[core.CueboxError], tuple[int, str]] = {
    core.CueboxError: (500, "server_error"),
    core.InvalidRequest: (400, "invalid_request_error"),
    core.PayloadTooLarge: (413, "invalid_request_error"),
    MethodNotAllowed: (405, "invalid_request_error"),
    RequestTimeout: (408, "invalid_request_error"),
    UnsupportedParameter: (400, "invalid_request_error"),
    UnsupportedMediaType: (415, "invalid_request_error"),
    HeadersTooLarge: (431, "invalid_request_error"),
    core.Unauthenticated: (401, "authentication_error"),
    core.Forbidden: (403, "permission_error"),
    core.NotFound: (404, "invalid_request_error"),
    core.UnknownModel: (404, "invalid_request_error"),
    core.Conflict: (409, "invalid_request_error"),
    Superseded: (409, "invalid_request_error"),
    core.Overloaded: (429, "rate_limit_error"),
    core.RateLimited: (429, "rate_limit_error"),
    core.Cancelled: (499, "client_closed_request"),
    core.Unavailable: (503, "server_error"),
    TooManyConnections: (503, "server_error"),
    core.DeadlineExceeded: (504, "timeout_error"),
    core.ConfigError: (500, "server_error"),
    core.DataError: (500, "server_error"),
    core.StoreError: (502, "server_error"),
    core.BlobNotFound: (502, "server_error"),
    core.BlobCorrupt: (502, "server_error"),
    core.VersionNotFound: (404, "invalid_request_error"),
    core.ModelError: (500, "server_error"),
    core.ParityError: (500, "server_error"),
    core.GoldenMismatch: (500, "server_error"),
}


class ErrorDetail(msgspec.Struct, frozen=True):
    """What went wrong.

    Attributes:
        message: what was wrong, with which value, and what to do.
        type: the family, in OpenAI's words.
        param: the field at fault, where there is one.
        code: the exact error, stable over releases.
    """

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(msgspec.Struct, frozen=True):
    """Every error outside `/v2`."""

    error: ErrorDetail


class OipError(msgspec.Struct, frozen=True):
    """Every error under `/v2`, as the Open Inference Protocol has it."""

    error: str


def status_of(error: core.CueboxError) -> tuple[int, str]:
    """HTTP status and OpenAI error type of an error."""
    for cls in type(error).__mro__:
        found = STATUS.get(cls)
        if found is not None:
            return found
    return STATUS[core.CueboxError]


def error_codes() -> dict[str, int]:
    """Every `code` an error body may carry, with its status."""
    return {cls.code: status for cls, (status, _) in sorted(STATUS.items(), key=lambda i: i[1][0])}


def public_error(error: BaseException, request_id: str) -> core.CueboxError:
    """What a client may be told of `error`; a bug is logged, and not shown."""
    if isinstance(error, core.CueboxError):
        return error
    logger.error("request %s failed", request_id, exc_info=error, extra={"request_id": request_id})
    return core.CueboxError(f"internal error; the log has it under {request_id}")


def error_body(error: core.CueboxError, dialect: Dialect) -> bytes:
    """The JSON that reports `error`."""
    # A message may repeat what the client sent, and lone surrogates cannot be written as UTF-8.
    message = error.message.encode("utf-8", "replace").decode("utf-8")
    if dialect == "oip":
        return msgspec.json.encode(OipError(message))
    param = error.param and error.param.encode("utf-8", "replace").decode("utf-8")
    detail = ErrorDetail(message, status_of(error)[1], param, error.code)
    return msgspec.json.encode(ErrorBody(detail))


def error_response(error: core.CueboxError, dialect: Dialect) -> Response:
    """The answer that reports `error`."""
    headers: list[tuple[bytes, bytes]] = []
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, round(error.retry_after + 0.499))))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow.encode()))
    if isinstance(error, core.Unauthenticated):
        headers.append((b"www-authenticate", b'Bearer realm="cuebox"'))
    if isinstance(error, Superseded):
        # The openai client repeats a 409 unless told; it would supersede the newer request.
        headers.append((b"x-should-retry", b"false"))
    body = error_body(error, dialect)
    return Response(body, status=status_of(error)[0], content_type=JSON, headers=headers)


def status_line(status: int) -> bytes:
    """`HTTP/1.1 408 Request Timeout` and the end of the line."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()


_AT = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`$")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]*)`")


def decode_error(error: Exception) -> core.InvalidRequest:
    """Turn what msgspec raised into an error that names the field, as in `input[3]`."""
    if isinstance(error, UnicodeDecodeError):
        return core.InvalidRequest(f"the body is not UTF-8: {error.reason} at byte {error.start}")
    if isinstance(error, RecursionError):
        return core.InvalidRequest("the JSON is nested too deeply")
    text = str(error)
    at, field = _AT.search(text), _FIELD.search(text)
    path = at.group(1) if at else ""
    if field:
        path = f"{path}.{field.group(1)}" if path else field.group(1)
    message = _AT.sub("", text)
    return core.InvalidRequest(f"{path}: {message}" if at else message, param=path or None)
