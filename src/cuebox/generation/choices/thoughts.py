"""Where words, clauses, sentences and lines end in text that is still growing.

The rules need no dictionary of a language: letters and digits, what joins them within a word,
the marks that end a clause or a sentence in any script, and whether the text goes on in small
letters. A short list of English abbreviations covers names ("Mr. Smith").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cuebox.core.characters import is_open, is_word, within_word

if TYPE_CHECKING:
    from cuebox.core.generation import StopAt

__all__ = ["thought_end", "whole_words"]

_BEFORE_NAMES_AND_NUMBERS = (
    "adm approx apt ave bldg blvd capt cf cmdr col dept dr drs eds eg e.g est ext fig figs "
    "gen gov hon hr hrs ie i.e lt maj messrs mfg min mr mrs ms mt nos pp prof pt rd ref "
    "rep rev sen sgt st univ viz vol vols vs"
)
_ABBREVIATIONS = frozenset(_BEFORE_NAMES_AND_NUMBERS.split())
# "No." alone is a sentence.
_BEFORE_NUMBERS = frozenset(("art", "ch", "no", "op", "p", "sec"))
# Quotes, brackets and emphasis that close with the sentence; then their ideographic forms.
_CLOSERS = "\"'\u201d\u2019\u00bb\u203a)\\]}*_\u300d\u300f\u3011\uff09\u3015\u3009\u300b"
# Full stops of scripts that need no space after them, and their commas.
_WIDE_STOPS = "\u3002\uff01\uff1f\uff61"
_WIDE_COMMAS = "\u3001\uff0c\uff1a\uff1b"
_STOPS = ".!?\u2026\u203d\u061f\u06d4\u0964\u0965"
_COMMAS = ",;:\u060c\u061b"
_DASHES = "\u2013\u2014"
_SENTENCE = re.compile(
    rf"(?P<wide>[{_WIDE_STOPS}]+[{_CLOSERS}]*)|[{_STOPS}]+[{_CLOSERS}]*(?=\s|\Z)"
)
_CLAUSE = re.compile(
    rf"[{_WIDE_COMMAS}]+[{_CLOSERS}]*|[{_DASHES}]|[{_COMMAS}]+[{_CLOSERS}]*(?=[\s{_DASHES}]|\Z)"
)
_BLANK_LINE = re.compile(r"[ \t\r]*\n[ \t\r]*\n")
_LINE = re.compile(r"[ \t\r]*\n")
_INITIALS = re.compile(r"[A-Z](?:\.[A-Z])*")
_LAST_WORD = re.compile(r"[^\s\"'\u2018-\u201f(\[{]*\Z")


def thought_end(text: str, start: int, stop_at: StopAt, *, final: bool) -> int | None:
    """Where the first whole thought that begins at `start` ends; None while it goes on.

    What precedes `start` was typed. `final` says that nothing follows the text.
    """
    visible = _visible(text, start)
    if stop_at == "line":
        found = _LINE.search(text, visible)
        return found.start() if found else None
    ends = [_blank_line(text, visible), _sentence_end(text, start, final=final)]
    if stop_at == "clause":
        ends.append(_clause_end(text, start, final=final))
    if stop_at == "word":
        ends.append(_word_end(text, start, final=final))
    return min((end for end in ends if end is not None), default=None)


def whole_words(text: str, start: int, limit: int) -> int:
    """The last place up to `limit` where no word is cut; `start` when there is none.

    What follows `limit` in `text`, if anything, tells whether a word goes on there. At the end
    of the text a word counts as unfinished.
    """
    for place in range(limit, start, -1):
        if place == len(text):
            if not is_open(text):
                return place
        elif not within_word(text, place):
            return place
    return start


def _visible(text: str, start: int) -> int:
    """The first place from `start` that is not white."""
    return len(text) - len(text[start:].lstrip())


def _word_end(text: str, start: int, *, final: bool) -> int | None:
    words = False
    for place in range(start + 1, len(text)):
        words = words or is_word(text[place - 1])
        if words and not within_word(text, place):
            # What joins two parts of a word is seen before the second part.
            undecided = not final and within_word(f"{text}0", place)
            return None if undecided else place
    return len(text) if final and len(text) > start else None


def _blank_line(text: str, visible: int) -> int | None:
    found = _BLANK_LINE.search(text, visible)
    return found.start() if found else None


def _sentence_end(text: str, start: int, *, final: bool) -> int | None:
    for found in _SENTENCE.finditer(text, start):
        after = found.end() if found["wide"] else _visible(text, found.end())
        if after == len(text):
            return found.end() if final else None
        if found["wide"] or not _goes_on(text, found, text[after]):
            return found.end()
    return None


def _goes_on(text: str, found: re.Match[str], following: str) -> bool:
    """Whether the sentence goes on after what looks like its end."""
    if following.islower():
        return True
    if found.group() != ".":
        return False
    last = _LAST_WORD.search(text, 0, found.start())
    word = last.group() if last else ""
    abbreviated = word.casefold()
    if abbreviated in _ABBREVIATIONS or (following.isdigit() and abbreviated in _BEFORE_NUMBERS):
        return True
    if _INITIALS.fullmatch(word):
        return word != "I"
    line = text.rfind("\n", 0, found.start()) + 1
    return word.isdigit() and not text[line : found.start() - len(word)].strip()


def _clause_end(text: str, start: int, *, final: bool) -> int | None:
    for found in _CLAUSE.finditer(text, start):
        if not any(map(is_word, text[start : found.start()])) or _is_range(text, found):
            continue
        if found.end() == len(text) and not final:
            return None
        return found.end()
    return None


def _is_range(text: str, dash: re.Match[str]) -> bool:
    """Whether it is the dash of "3\u20135"."""
    around = text[dash.start() - 1] + text[dash.end() : dash.end() + 1]
    return around.isdigit() and dash.group() in _DASHES
