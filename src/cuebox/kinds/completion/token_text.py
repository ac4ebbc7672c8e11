"""What each token spells, and which tokens can continue what was typed."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from cuebox.core.types import IntArray

__all__ = ["TokenText"]


class TokenText:
    """The bytes of a byte-level tokenizer's tokens; special tokens spell nothing."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        special = set(tokenizer.get_added_tokens_decoder())
        size = tokenizer.get_vocab_size()
        self.bytes = [
            b"" if token in special else _bytes_of(tokenizer.id_to_token(token) or "")
            for token in range(size)
        ]
        self._plain = np.flatnonzero([bool(spelt) for spelt in self.bytes])
        self._sorted = sorted((spelt, token) for token, spelt in enumerate(self.bytes) if spelt)
        self._exact = dict(self._sorted)

    def fitting(self, typed: bytes) -> IntArray:
        """Tokens that begin with `typed`, or that `typed` begins with; no special ones."""
        if not typed:
            return self._plain
        first = bisect_left(self._sorted, (typed, -1))
        last = bisect_left(self._sorted, (typed + b"\xff" * 64, -1))
        found = [token for _, token in self._sorted[first:last]]
        shorter = (typed[:size] for size in range(1, len(typed)))
        found += [self._exact[piece] for piece in shorter if piece in self._exact]
        return np.asarray(found, np.int64)

    def decode(self, tokens: list[int]) -> bytes:
        """What tokens spell together."""
        return b"".join(self.bytes[token] for token in tokens)


def _bytes_of(token: str) -> bytes:
    alphabet = _byte_alphabet()
    if all(character in alphabet for character in token):
        return bytes(alphabet[character] for character in token)
    return token.encode()


@cache
def _byte_alphabet() -> dict[str, int]:
    """The characters that stand for bytes in byte-level BPE (Radford et al., 2019).

    Printable Latin-1 stands for itself; the rest is moved up, in order, from 256 on.
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    moved = {chr(256 + place): byte for place, byte in enumerate(others)}
    return {chr(byte): byte for byte in plain} | moved
