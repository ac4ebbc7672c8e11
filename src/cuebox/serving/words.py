"""The words of a text as spans of it: what an explanation leaves out, one after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cuebox.core.characters import is_pictograph, is_word, within_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Span", "find_words", "join_neighbours"]

_JOINER = "\u200d"
# Five colours of skin after a person, and the hidden letters after a flag.
_MODIFIERS = ((0x1F3FB, 0x1F3FF), (0xE0020, 0xE007F))
_FLAG_LETTERS = (0x1F1E6, 0x1F1FF)


class Span(NamedTuple):
    """Part of a text, from `start` up to but not including `end`, in code points."""

    start: int
    end: int


def find_words(text: str) -> Iterator[Span]:
    """Every word in order; punctuation and white space are none.

    A word of a script without spaces is one character, and so is a pictograph, together with
    all that makes it one sign (joined persons, colours, the two letters of a flag).
    """
    start = 0
    for place in range(1, len(text) + 1):
        if place < len(text) and _goes_on(text, start, place):
            continue
        if any(is_word(char) or is_pictograph(char) for char in text[start:place]):
            yield Span(start, place)
        start = place


def join_neighbours(words: Sequence[Span], most: int) -> list[Span]:
    """At most `most` spans that hold all words, each as many as the others, give or take one."""
    if len(words) <= most:
        return list(words)
    ends = [len(words) * number // most for number in range(most + 1)]
    return [Span(words[first].start, words[after - 1].end) for first, after in pairwise(ends)]


def _goes_on(text: str, start: int, place: int) -> bool:
    """Whether the sign or word that began at `start` holds the character at `place` too."""
    before, code = text[place - 1], ord(text[place])
    if before.isspace():
        return False
    if before == _JOINER and is_pictograph(text[place]):
        return True
    if any(low <= code <= high for low, high in _MODIFIERS):
        return is_pictograph(text[start])
    if _is_flag_letter(code) and _is_flag_letter(ord(before)):
        return place - start == 1
    return within_word(text, place)


def _is_flag_letter(code: int) -> bool:
    return _FLAG_LETTERS[0] <= code <= _FLAG_LETTERS[1]
