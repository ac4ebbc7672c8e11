"""When two answers say the same."""

from __future__ import annotations

import re

__all__ = ["alike", "may_meet", "same_start"]

_WORDS = re.compile(r"\w+(?:['\u2019]\w+)*")


def alike(one: str, other: str) -> bool:
    """Whether the difference is not worth a second choice: case, punctuation and spaces."""
    return _folded(one) == _folded(other)


def same_start(one: str, other: str) -> bool:
    """Whether two answers that still grow have the same text so far but for case and spaces."""
    begun, also = one.strip().casefold(), other.strip().casefold()
    return begun == also != ""


def may_meet(early: str, late: str, *, early_done: bool, late_done: bool) -> bool:
    """Whether two answers may turn out the same, each as far as it is known."""
    one, other = "".join(_folded(early)), "".join(_folded(late))
    if early_done and late_done:
        return one == other
    if early_done:
        return one.startswith(other)
    if late_done:
        return other.startswith(one)
    return one.startswith(other) or other.startswith(one)


def _folded(text: str) -> list[str]:
    words = _WORDS.findall(text.casefold().replace("\u2019", "'"))
    return words or text.split()
