"""What characters do in running text: letters, joints within words, ends of clauses."""

from __future__ import annotations

import unicodedata

__all__ = ["is_dense", "is_mark", "is_open", "is_pictograph", "is_word", "within_word"]

# Scripts written without spaces: Thai to Lao, Myanmar, Khmer, kana, ideographs and their signs.
_DENSE = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)
# Join two parts of a word when they stand between them: don't, well-known, 3.5, example.com.
_JOINTS = frozenset("'\u2019-\u2010\u2011.·@/\u200c\u200d\u00ad")
_DIGIT_JOINTS = frozenset(",:")


def is_word(char: str) -> bool:
    """Whether a character is part of a word: a letter, a digit, a mark on one, or `_`."""
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def is_mark(char: str) -> bool:
    """Whether a character is punctuation or a sign, but no pictograph."""
    category = unicodedata.category(char)
    return category[0] == "P" or category in ("Sm", "Sc", "Sk")


def is_pictograph(char: str) -> bool:
    """Whether a character is a picture or a sign that says something by itself: emoji, ©, ←."""
    return unicodedata.category(char) == "So"


def is_dense(char: str) -> bool:
    """Whether a character belongs to a script that puts no spaces between words."""
    code = ord(char)
    return code >= _DENSE[0][0] and any(low <= code <= high for low, high in _DENSE)


def within_word(text: str, place: int) -> bool:
    """Whether a word goes on from before `place` to after it, or may do so.

    A joint at the very end may still join: what follows is not known.
    """
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if unicodedata.category(after)[0] == "M" or after in "\u200d\ufe0f":
        return True
    if is_word(before) and is_word(after):
        return not (is_dense(before) or is_dense(after))
    if is_word(before):
        return _joins(text, place)
    return is_word(after) and place >= 2 and _joins(text, place - 1)


def is_open(text: str) -> bool:
    """Whether the last word of a text may go on: it ends in a letter, or in a joint after one."""
    if not text:
        return False
    if is_word(text[-1]):
        return not is_dense(text[-1])
    return len(text) > 1 and is_word(text[-2]) and _joins(text, len(text) - 1)


def _joins(text: str, joint: int) -> bool:
    """Whether the character at `joint` holds together what stands around it."""
    char = text[joint]
    if char not in _JOINTS and char not in _DIGIT_JOINTS:
        return False
    before = text[joint - 1]
    if not is_word(before) or is_dense(before):
        return False
    if joint + 1 == len(text):
        return char not in ".,:/" or before.isdigit()
    after = text[joint + 1]
    if char in _DIGIT_JOINTS:
        return before.isdigit() and after.isdigit()
    return is_word(after) and not is_dense(after)
