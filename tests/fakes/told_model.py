"""A language model that knows a few sentences by heart, and one that babbles."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.ports import DecoderTokenizer
    from cuebox.core.types import FloatArray

__all__ = ["Babble", "ToldModel"]

_UNHEARD = 1e-9


class ToldModel:
    """Next-token logits over sentences with weights, each in the tokenizer's own tokens.

    After anything else than the beginning of a sentence, all tokens are as (un)likely.
    """

    def __init__(self, tokenizer: DecoderTokenizer, told: Mapping[str, float], end: int) -> None:
        self._size = len(tokenizer.token_bytes)
        self._told = [([*tokenizer.encode(text), end], weight) for text, weight in told.items()]

    def __call__(self, tokens: Sequence[int]) -> FloatArray:
        """Float32 `[vocab]` after these tokens; a constant is added, as models do."""
        weights = np.full(self._size, _UNHEARD)
        for told, weight in self._told:
            if told[: len(tokens)] == list(tokens) and len(told) > len(tokens):
                weights[told[len(tokens)]] += weight
        logits: FloatArray = (np.log(weights) + 3).astype(np.float32)
        return logits


class Babble:
    """Logits at random, the same after the same tokens."""

    def __init__(self, size: int, *, spread: float = 2.0) -> None:
        self._size = size
        self._spread = spread

    def __call__(self, tokens: Sequence[int]) -> FloatArray:
        """Float32 `[vocab]`."""
        seed = zlib.crc32(np.array(tokens, dtype=np.int64).tobytes())
        values = np.random.default_rng(seed).standard_normal(self._size)
        logits: FloatArray = (values * self._spread).astype(np.float32)
        return logits
