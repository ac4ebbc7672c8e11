"""Perplexity and bits per character of held-out documents."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.kinds.completion.token_file import COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cuebox.core.types import IntArray
    from cuebox.kinds.completion.judged import ScoreTokens
    from cuebox.kinds.completion.token_file import TokenFile

__all__ = ["Likelihood", "measure_likelihood"]

_BATCH = 16


class Likelihood(msgspec.Struct, frozen=True, kw_only=True):
    """How well a model predicts the text that counts.

    Attributes:
        nats: sum of the negative log-probabilities.
        tokens: that were predicted; perplexity goes by them, so it compares only models that
            share a tokenizer. Bits per character and per byte compare any two.
    """

    nats: float
    tokens: int
    characters: int
    bytes: int

    @property
    def perplexity(self) -> float:
        """Per token."""
        return math.exp(self.nats / max(1, self.tokens))

    @property
    def bits_per_character(self) -> float:
        """Of the text's characters."""
        return self.nats / math.log(2) / max(1, self.characters)

    @property
    def bits_per_byte(self) -> float:
        """Of the text in UTF-8."""
        return self.nats / math.log(2) / max(1, self.bytes)


def measure_likelihood(
    score: ScoreTokens,
    file: TokenFile,
    *,
    most: int = 0,
    step: Callable[[int], object] = lambda _: None,
) -> Likelihood:
    """Score every token that counts, once, with at least half a window before it.

    Args:
        score: the model.
        file: held-out documents.
        most: about how many tokens to read, in windows spread evenly over the file, which then
            stand for all of it; 0 reads everything.
        step: told how many more tokens were read.
    """
    nats, tokens = 0.0, 0
    every = max(1, round(file.facts.tokens / most)) if most else 1
    windows = islice(_windows(file, score.context), 0, None, every)
    while some := list(islice(windows, _BATCH)):
        texts = [file.tokens[start:end].astype(np.int64).tolist() for start, end, _ in some]
        for (start, end, first), logs in zip(some, score(texts), strict=True):
            counts = file.marks[first:end] == COUNTED
            nats -= float(logs[first - start - 1 :][counts].astype(np.float64).sum())
            tokens += int(counts.sum())
        step(sum(end - first for _, end, first in some))
    share = tokens / max(1, file.facts.counted)
    return Likelihood(
        nats=nats,
        tokens=tokens,
        characters=round(file.facts.characters * share),
        bytes=round(file.facts.bytes * share),
    )


def _windows(file: TokenFile, context: int) -> Iterator[tuple[int, int, int]]:
    """Start and end of each window, and its first token that no window before it scored."""
    starts: IntArray = file.starts
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        scored = start + 1
        while scored < end:
            first = max(start, scored - max(1, context // 2)) if scored > start + 1 else start
            last = min(end, first + context)
            yield first, last, scored
            scored = last
