"""What may be kept of a record: everything, everything but personal numbers, or no text at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.conversation import Turn
from cuebox.core.inference import SuggestionRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.conversation import Fact
    from cuebox.inference_log.settings import Inputs
    from cuebox.inference_log.sink import Record

__all__ = ["preparation", "redact"]

# Possessive, and only from where a word begins: linear in the text, whatever it holds.
_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++[@\uff20][\w-]++(?:\.[\w-]++)++")
# Six digits or more, with up to three separators between each two.
_DIGITS = re.compile(r"[+(]?\d(?:[\s.()/+\u2010-\u2015-]{0,3}\d){5,}")
# Groups as telephone numbers are written: 555-123-4567, (555) 123 4567, 555-1234.
_PHONE = re.compile(r"\(?\d{3}\)?[\s.-]{1,2}(?:\d{3}[\s.-])?\d{4}")

_turns = msgspec.json.Decoder(list[Turn])


def preparation(inputs: Inputs) -> Callable[[Record], Record]:
    """How to make a record what may be kept of it."""
    return {"keep": _kept, "redact": _redacted, "omit": _omitted}[inputs]


def redact(text: str) -> str:
    """Replace e-mail addresses and runs of six or more digits.

    They become `[email]`, `[card]` (13 to 19 digits with a right check digit), `[phone]` or
    `[number]`. Digits count in every script, with blanks, dots, dashes, slashes and brackets
    between them.
    """
    return _DIGITS.sub(_mask_of, _EMAIL.sub("[email]", text))


def _mask_of(match: re.Match[str]) -> str:
    run = match.group()
    digits = [int(char) for char in run if char.isdecimal()]
    if 13 <= len(digits) <= 19 and _check_digit_is_right(digits):
        return "[card]"
    if len(digits) <= 15 and (run[0] in "+0(" or _PHONE.fullmatch(run)):
        return "[phone]"
    return "[number]"


def _check_digit_is_right(digits: list[int]) -> bool:
    """Luhn's check of card numbers, ISO/IEC 7812-1."""
    doubled = (2 * digit for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0


def _kept(record: Record) -> Record:
    return record


def _redacted(record: Record) -> Record:
    if not isinstance(record, SuggestionRecord):
        return msgspec.structs.replace(record, text=redact(record.text))
    return msgspec.structs.replace(
        record,
        conversation=_redact_conversation(record.conversation),
        draft=redact(record.draft),
        shown=[msgspec.structs.replace(each, text=redact(each.text)) for each in record.shown],
    )


def _omitted(record: Record) -> Record:
    if not isinstance(record, SuggestionRecord):
        return msgspec.structs.replace(record, text="")
    shown = [msgspec.structs.replace(each, text="") for each in record.shown]
    return msgspec.structs.replace(record, conversation="", draft="", shown=shown)


def _redact_conversation(conversation: str) -> str:
    if not conversation:
        return ""
    turns = [
        msgspec.structs.replace(
            turn,
            text=redact(turn.text),
            facts={name: _redact_fact(value) for name, value in turn.facts.items()},
        )
        for turn in _turns.decode(conversation)
    ]
    return msgspec.json.encode(turns).decode()


def _redact_fact(value: Fact) -> Fact:
    """A number stays one unless it has as many digits as a telephone's."""
    if value is None or isinstance(value, bool):
        return value
    text = redact(str(value))
    return text if isinstance(value, str) or text != str(value) else value
