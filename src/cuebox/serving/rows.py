"""Checking the texts of a request, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import CueboxError, InvalidRequest, PayloadTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Rows", "check_chars", "check_rows", "check_text", "row_param"]


@dataclass(slots=True)
class Rows:
    """Good rows as normalised texts with their indices, bad rows with their errors."""

    indices: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    errors: dict[int, CueboxError] = field(default_factory=dict)


def row_param(index: int, *, single: bool) -> str:
    """The name of a row in an error: `input`, or `input[3]`."""
    return "input" if single else f"input[{index}]"


def check_rows(
    values: str | Sequence[Any],
    prepare: Callable[[str], str],
    *,
    max_rows: int,
    max_chars: int,
    collect: bool,
) -> Rows:
    """Check and normalise the input of a request.

    Args:
        values: one text or several values that should be texts.
        prepare: a model's normalisation.
        max_rows: most rows allowed.
        max_chars: longest text allowed.
        collect: gather the errors of bad rows instead of raising the first.

    Raises:
        PayloadTooLarge: too many rows.
        InvalidRequest: no rows, or (unless `collect`) a bad row.
    """
    single = isinstance(values, str)
    items = [values] if single else values
    if not items:
        raise InvalidRequest("input is empty: send at least one text", param="input")
    if len(items) > max_rows:
        raise PayloadTooLarge(
            f"input has {len(items)} rows, the most is {max_rows}: send several requests",
            param="input",
        )
    rows = Rows()
    for index, value in enumerate(items):
        try:
            text = check_text(value, prepare, max_chars)
        except InvalidRequest as error:
            error.param = row_param(index, single=single)
            if not collect:
                raise
            rows.errors[index] = error
        else:
            rows.indices.append(index)
            rows.texts.append(text)
    return rows


def check_text(value: object, prepare: Callable[[str], str], max_chars: int) -> str:
    """One text, checked and normalised.

    Raises:
        InvalidRequest: no text, too long, empty, or not Unicode; the caller names the row.
    """
    if not isinstance(value, str):
        raise InvalidRequest(f"expected a text, got {_json_type(value)}")
    check_chars(value, max_chars)
    text = prepare(value)
    if not text:
        raise InvalidRequest("the text is empty")
    return text


def check_chars(text: str, max_chars: int, param: str | None = None) -> None:
    """Refuse a text that is too long, or that no encoding can carry.

    Raises:
        PayloadTooLarge: over `max_chars`.
        InvalidRequest: not Unicode.
    """
    if len(text) > max_chars:
        raise PayloadTooLarge(
            f"the text has {len(text)} characters, the most is {max_chars}", param=param
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                f"the text has a lone surrogate at character {error.start}: send valid Unicode",
                param=param,
            ) from None


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list",
             dict: "an object", type(None): "null"}  # fmt: skip
    return names.get(type(value), type(value).__name__)
