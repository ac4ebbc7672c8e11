"""Texts that never repeat, and a dial for those that do."""

from __future__ import annotations

import math
import random
from functools import cache
from importlib.resources import files

from cuebox.core.errors import ConfigError

__all__ = ["TextSource", "words"]


@cache
def words() -> tuple[str, ...]:
    """Common words of customers' messages (from banking77 and clinc150, CC BY)."""
    return tuple(files("cuebox.loadtest").joinpath("words.txt").read_text().split())


class TextSource:
    """Phrases of `min_words` to `max_words` words.

    Fresh phrases differ in their first three words, which count through all triples of the word
    list in a scattered order: none comes twice in 8 billion.

    Args:
        repeat: probability that a phrase is drawn from `hot_texts` fixed phrases instead.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        repeat: float = 0.0,
        hot_texts: int = 1_000,
        min_words: int = 5,
        max_words: int = 12,
    ) -> None:
        if max_words < min_words:
            raise ConfigError(
                f"max_words {max_words} is less than min_words {min_words}", param="max_words"
            )
        self._random = random.Random(seed)  # noqa: S311 - phrases, not secrets
        self._words = words()
        self._lengths = range(min_words, max_words + 1)
        self._triples = len(self._words) ** 3
        self._step = _coprime(self._triples)
        self._next = seed * 10_000_000
        self._repeat = repeat
        self._hot = [self._fresh() for _ in range(hot_texts)] if repeat else []

    def __call__(self) -> str:
        """The next phrase."""
        if self._repeat and self._random.random() < self._repeat:
            return self._random.choice(self._hot)
        return self._fresh()

    def _fresh(self) -> str:
        number = (self._next * self._step) % self._triples
        self._next += 1
        size = len(self._words)
        picked = [self._words[number % size], self._words[number // size % size],
                  self._words[number // (size * size)]]  # fmt: skip
        length = self._random.choice(self._lengths)
        picked += self._random.choices(self._words, k=length - 3)
        return " ".join(picked)


def _coprime(modulus: int) -> int:
    """A stride that visits every number below `modulus` once, far apart."""
    stride = int(modulus * 0.6180339887) | 1
    while math.gcd(stride, modulus) != 1:
        stride += 2
    return stride
