"""Kinds of values as people write them: numbers, dates, names, addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["VARIABLE_KINDS", "FoundValue", "find_persons", "find_values"]

# Kinds that are variable wherever they come from; the others only where they copy something.
VARIABLE_KINDS = frozenset({"amount", "card", "date", "email", "order_id", "phone"})

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_STREET = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way|square|place)"
)
# The order decides where several kinds fit the same characters.
_KINDS = {
    "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
    "date": (
        r"\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})"
        rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?"
        rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?"
    ),
    "ordinal": r"\d{1,2}(?:st|nd|rd|th)",
    "amount": r"[$€£]\d{1,12}(?:[.,]\d{1,3}){0,4}",
    "card": r"\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}",
    "phone": (
        r"\+\d{1,3}(?:[ .-]?\d{2,7}){1,4}|(?:\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])\d{3,4}[ .-]\d{2,4}"
    ),
    "time": r"\d{1,2}(?::\d{2})? ?(?:am|pm|a\.m\.|p\.m\.|o'clock)|\d{1,2}:\d{2}",
    "address": rf"\d{{1,5}}(?: [A-Z]\w{{1,20}}){{1,3}} {_STREET}",
    "order_id": r"#\w{3,20}|(?=\w{5,20}(?!\w))(?=\w{0,19}\d)(?=\w{0,19}[a-z])[a-z]{1,6}-?\d\w{2,18}",
    "day": (
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tonight|tomorrow(?: morning| evening)?"
    ),
    "number": r"\d{1,15}(?:[.,]\d{1,6}){0,3}",
}
_VALUE = re.compile(
    r"(?<![\w@])(?<!\d[.,:/-])(?:"
    + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items())
    + r")(?![\w@])(?![.,:/-]\d)",
    re.IGNORECASE,
)
_NAME = r"(?!(?:It'?s|I'm)\b)(?:(?:Mr|Mrs|Ms|Dr)\.? )?[A-Z][\w'-]{1,20}(?: [A-Z][\w'-]{1,20}){0,2}"
_INTRODUCED = re.compile(
    rf"\b(?:[Mm]y (?:full )?name is|[Mm]y name's|[Nn]ame is|[Nn]ame:|[Tt]his is|[Cc]all me) ({_NAME})"
    rf"|\bI(?:'m| am) ({_NAME})(?=[.,!]|$| and\b)"
)
_ALONE = re.compile(rf"(?:[Ii]t'?s )?({_NAME})[.!]?")


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value and its place in a text, in characters."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def find_values(text: str) -> Iterator[FoundValue]:
    """The values in a text, in order, never overlapping."""
    for match in _VALUE.finditer(text):
        yield FoundValue(str(match.lastgroup), match.group(), match.start())


def find_persons(text: str, *, asked_for_name: bool) -> Iterator[str]:
    """Names of people as they introduce themselves.

    Args:
        text: what a customer said.
        asked_for_name: whether the turn before asked for a name, so that a bare name is one.
    """
    for match in _INTRODUCED.finditer(text):
        yield match.group(1) or match.group(2)
    alone = _ALONE.fullmatch(text.strip()) if asked_for_name else None
    if alone:
        yield alone.group(1)
