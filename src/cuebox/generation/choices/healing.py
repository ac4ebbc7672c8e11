"""Token healing: the last, perhaps unfinished word is given back to the model.

A tokenizer cuts "I would lik" into tokens that never precede "e" in the text a model has learned
from. So the model reads the head, "I would", and the first new tokens are made to reproduce the
stem, " lik"; whichever do so and go on, like " like", continue it naturally.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cuebox.core.characters import is_dense, is_mark, is_word

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cuebox.generation.choices.vocabulary import Vocabulary

__all__ = ["StemOdds", "split_stem"]

# A longer word is no word; its end is healed as far as tokens reach.
_MOST_BYTES = 32
_END_OF_LONG = 12
# Tokens of scripts without spaces hold a few characters; more would only cost steps.
_MOST_DENSE = 2


def split_stem(text: str, vocabulary: Vocabulary) -> tuple[str, bytes]:
    """Split into the head, to be tokenised as it is, and the stem, to be reproduced.

    The stem is the last word, or the last punctuation marks (`."` is one token of many), with
    the space before it; or the white space at the end of a line. It has 32 bytes at most. It is
    empty after a line break, a pictograph or a special token, and in an empty text.
    """
    tail = _after_special(text[-4 * _MOST_BYTES :], vocabulary.tokenizer.special)
    stem = _last_blanks(tail) or _last_word(tail) or _last_marks(tail)
    while stem and not vocabulary.spells(stem.encode()):
        stem = stem[1:]
    return text[: len(text) - len(stem)], stem.encode()


def _after_special(tail: str, special: Collection[str]) -> str:
    """What follows the last special token: its own text is never given back."""
    start = max((tail.rfind(name) + len(name) for name in special if name in tail), default=0)
    return tail[start:]


def _last_blanks(tail: str) -> str:
    return _bounded(tail[len(tail.rstrip(" \t")) :])


def _last_word(tail: str) -> str:
    start, dense = len(tail), 0
    while start and (is_word(tail[start - 1]) or tail[start - 1] in "'\u2019"):
        dense += is_dense(tail[start - 1])
        if dense > _MOST_DENSE:
            break
        start -= 1
    return _with_space(tail, start) if any(map(is_word, tail[start:])) else ""


def _last_marks(tail: str) -> str:
    start = len(tail)
    while start and is_mark(tail[start - 1]):
        start -= 1
    return _with_space(tail, start) if start < len(tail) else ""


def _with_space(tail: str, start: int) -> str:
    """What begins at `start`, with the space before it: most tokens of a word hold that too."""
    return _bounded(tail[start - (tail[start - 1 : start] == " ") :])


def _bounded(stem: str) -> str:
    if len(stem.encode()) <= _MOST_BYTES:
        return stem
    while len(stem.encode()) > _END_OF_LONG:
        stem = stem[1:]
    return stem


class StemOdds:
    """How probable the model finds what was typed, over the ways of spelling it that were tried.

    The log-probability of a row's first tokens given the stem is their own, less this. One token
    that covers the stem and several that spell it are so compared as a whole, not step by step:
    an unlikely spelling does not gain by leaving itself no choice.
    """

    def __init__(self) -> None:
        self._covers: dict[tuple[int, ...], float] = {}
        self._steps: dict[tuple[int, ...], float] = {}

    def record(self, tokens: Sequence[int], logprobs: Sequence[float], cover: float) -> None:
        """After `tokens`, which spell a part of the stem, tokens that cover the rest have
        log-probability `cover` together.
        """
        path = tuple(tokens)
        self._covers[path] = cover
        for end in range(1, len(path) + 1):
            self._steps[path[:end]] = logprobs[end - 1]

    def log_mass(self, path: tuple[int, ...] = ()) -> float:
        """Log-probability that the tokens after `path` reproduce the rest of the stem."""
        ways = [
            self._steps[longer] + self.log_mass(longer)
            for longer in self._covers
            if longer[:-1] == path and longer
        ]
        ways.append(self._covers.get(path, -math.inf))
        most = max(ways)
        if most == -math.inf:
            return most
        return most + math.log(sum(math.exp(way - most) for way in ways))
