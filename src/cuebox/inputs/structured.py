"""JSON lines, streamed, and JSON documents, read whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.inputs.source import Source

__all__ = ["document_rows", "json_line_records", "json_records"]

_BYTE = re.compile(r"\(byte (\d+)\)")


def json_line_records(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's object or array with its line number; blank lines are passed over.

    Raises:
        DataError: a line that is not JSON, or neither an object nor an array.
    """
    empty = True
    with source.open_text() as text:
        for number, line in enumerate(source.lines(text), start=1):
            if line.isspace():
                continue
            empty = False
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise source.error(number, _explain(error, line)) from error
            yield number, _as_record(source, number, value)
    if empty:
        raise source.error(None, "the file is empty")


def json_records(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row of the document's array with its number, from 1.

    Raises:
        DataError: as `document_rows`, or a row that is neither an object nor an array.
    """
    for number, value in enumerate(document_rows(source), start=1):
        yield number, _as_record(source, number, value)


def document_rows(source: Source) -> list[Any]:
    """The array of rows that the settings' `records` path leads to.

    Raises:
        DataError: the document is not JSON, or the path does not lead to an array.
    """
    with source.open_text() as text:
        content = text.read()
    if not content.strip():
        raise source.error(None, "the file is empty")
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise source.error(None, _explain(error, content)) from error
    for key in (source.settings.records or "").split(".") if source.settings.records else []:
        if not isinstance(value, dict) or key not in value:
            raise source.error(
                None, f"records = {source.settings.records!r} leads nowhere{_keys(value)}"
            )
        value = value[key]
    if not isinstance(value, list):
        raise source.error(
            None,
            f"an array of rows was expected, not {_kind(value)}; "
            f"set `records` to the path of the array{_keys(value)}",
        )
    return value


def _as_record(source: Source, number: int, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): cell for index, cell in enumerate(value)}
    raise source.error(number, f"an object or array was expected, not {_kind(value)}")


def _explain(error: Exception, content: str) -> str:
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    message = str(error)
    found = _BYTE.search(message)
    if found is None:
        return f"{message}; is the file cut short?" if "truncated" in message else message
    raw = content.encode()
    offset = int(found.group(1))
    line, start = raw.count(b"\n", 0, offset) + 1, raw.rfind(b"\n", 0, offset) + 1
    place = f"column {offset - start + 1}" if line == 1 else f"line {line} of the document"
    hint = "; write null for NaN" if raw[offset : offset + 3] in {b"NaN", b"Inf"} else ""
    return f"{message.removesuffix(found.group()).strip()} at {place}{hint}"


def _keys(value: object) -> str:
    if not isinstance(value, dict):
        return f": it meets {_kind(value)}"
    return f"; the keys there are {', '.join(map(repr, list(value)[:12]))}"


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return kinds.get(type(value), "a number")
