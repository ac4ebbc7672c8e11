"""When two answers say the same.

One different word most often makes another answer ("left" or "right", "not", a number), so few
differences count as none: those of writing and of the smallest words, a stutter, and one letter
of a long word.
"""

from __future__ import annotations

import re
from itertools import groupby

__all__ = ["alike", "may_meet", "same_start"]

_WORDS = re.compile(r"\w+(?:['\u2019]\w+)*")
_FULL_STOPS = re.compile(r"[.!?\u2026]+")
# Leave them out and hardly a sentence changes its meaning.
_SMALL = frozenset(("a", "an", "and", "that", "the"))
_LONG = 5


def alike(one: str, other: str) -> bool:
    """Whether two answers differ too little to be offered side by side."""
    words, others = _folded(one), _folded(other)
    if words == others:
        return True
    if len(words) != len(others):
        return False
    different = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(different) == 1 and len(words) > 1 and _misspelt(*different[0])


def same_start(one: str, other: str) -> bool:
    """Whether two answers that still grow have begun alike: in all but case, spaces, and which
    mark ends a sentence.
    """
    return _begun(one) == _begun(other) != ""


def may_meet(early: str, late: str, *, early_done: bool, late_done: bool) -> bool:
    """Whether two answers may turn out alike, each as far as it is known.

    True only where one repeats the letters of the other so far: a stream is not held back until
    its last word for the sake of the rarer ways to be alike.
    """
    if early_done and late_done:
        return alike(early, late)
    one, other = _letters(early), _letters(late)
    if early_done:
        return one.startswith(other)
    if late_done:
        return other.startswith(one)
    return one.startswith(other) or other.startswith(one)


def _begun(text: str) -> str:
    return _FULL_STOPS.sub(".", text.strip().casefold())


def _folded(text: str) -> list[str]:
    words = _all_words(text)
    # A single small word is all there is to say.
    told = [word for word in words if word not in _SMALL] or words
    return [word for word, _ in groupby(told)] or text.split()


def _all_words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold().replace("\u2019", "'"))


def _letters(text: str) -> str:
    return "".join(_all_words(text)) or "".join(text.split())


def _misspelt(one: str, other: str) -> bool:
    """Whether two long words differ in one letter, put in, left out or exchanged."""
    short, long = sorted((one, other), key=len)
    if len(short) < _LONG or len(long) - len(short) > 1 or not (short + long).isalpha():
        return False
    same = next((at for at, char in enumerate(short) if char != long[at]), len(short))
    rest = short[same:] if len(short) < len(long) else short[same + 1 :]
    return rest == long[same + 1 :]
