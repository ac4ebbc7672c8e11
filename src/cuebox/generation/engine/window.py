"""The last part of a long document that fits into a model, found without reading all of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cuebox.core.ports import DecoderTokenizer

__all__ = ["Tail", "TailReader", "fit"]

# Characters of a piece: long enough for few look-ups, short enough to be tokenised at each key.
_PIECE = 256
_PIECES_REMEMBERED = 4_096
# Prose has 4 to 5 characters a token; a tail with this many a token is surely long enough.
_CHARS_PER_TOKEN = 8
# A single space between two words: no tokenizer in use joins what it separates.
_BORDER = re.compile(r"(?<=\S) (?=\S)")


class Tail(NamedTuple):
    """The tokens of a text's end, and where in the text that begins."""

    tokens: list[int]
    start: int


class TailReader:
    """Tokenises the ends of documents piece by piece.

    The pieces of a document lie on a fixed grid from its beginning and each ends between two
    words, so their tokens joined are the tokens of the whole. While a document grows only its
    last piece is tokenised again, and where the tail begins moves only now and then.

    Attributes:
        adds_space: whether the tokenizer puts a space before every text, as sentencepiece does.
    """

    def __init__(self, tokenizer: DecoderTokenizer) -> None:
        self._encode = tokenizer.encode
        self._remembered = lru_cache(_PIECES_REMEMBERED)(tokenizer.encode)
        self.adds_space = _adds_space(tokenizer)

    def read(self, text: str, most_tokens: int) -> Tail:
        """Tokens of the end of `text`: surely `most_tokens` of them where it has as many, more
        where it has few characters a token, and the whole of a text that is not long.
        """
        reach = max(most_tokens * _CHARS_PER_TOKEN, 2 * _PIECE)
        stride = max(reach // 2 // _PIECE, 1)
        first = max((len(text) - reach) // _PIECE // stride * stride, 0)
        start = at = _border(text, first)
        # The last piece is open: its end moves, so it is not worth remembering.
        last = len(text) // _PIECE - 1
        tokens: list[int] = []
        for index in range(first + 1, last + 1):
            end = _border(text, index)
            tokens += self._remembered(self._piece(text, at, end))
            at = end
        tokens += self._encode(self._piece(text, at, len(text)))
        return Tail(tokens, start)

    def _piece(self, text: str, start: int, end: int) -> str:
        """A piece as the tokenizer wants it: one that adds a space in front must not find one."""
        if start and self.adds_space and text[start] == " ":
            start += 1
        return text[start:end]


def fit(tokens: int, room: int, stride: float) -> int:
    """How many leading tokens to leave out so that the rest fits into `room`.

    The window moves by `stride` of its size at once: while a document grows, the same tokens are
    left out for many keystrokes, and what is remembered of the rest stays of use.
    """
    if tokens <= room:
        return 0
    step = max(int(room * stride), 1)
    return min(-(-(tokens - room) // step) * step, tokens - 1)


def _border(text: str, index: int) -> int:
    """Where a piece of the grid begins: between two words, or anywhere in a text without any."""
    if not index:
        return 0
    start = index * _PIECE
    found = _BORDER.search(text, start, start + _PIECE)
    return found.start() if found else start


def _adds_space(tokenizer: DecoderTokenizer) -> bool:
    """Whether the tokenizer puts a space before every text, as sentencepiece models do."""
    tokens = tokenizer.encode("a")
    return bool(tokens) and tokenizer.token_bytes[tokens[0]].startswith(b" ")
