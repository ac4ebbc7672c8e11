"""A tokenizer of bytes and a few longer pieces, the longest piece first; the port `core` names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECES = (
    " the The cup of tea like likely liked would I to have a an coffee and or not do don 't know "
    'we re it is was very good well . , ! ? " ." ," ?" ... \n \n\n'
)


class ByteTokenizer:
    """Ids 0..255 are bytes; then the pieces, each also with a space before it; then specials."""

    def __init__(self, pieces: Sequence[str] = (), special: Sequence[str] = ("<|end|>",)) -> None:
        words = [*PIECES.split(" "), *pieces]
        spaced = dict.fromkeys([*words, *(f" {word}" for word in words)])
        single = [bytes([byte]) for byte in range(256)]
        longer = [word.encode() for word in spaced if len(word.encode()) > 1]
        self.special = {text: len(single) + len(longer) + at for at, text in enumerate(special)}
        self.token_bytes = [*single, *longer, *(b"" for _ in special)]
        self._ids = {text: id_ for id_, text in enumerate(self.token_bytes) if text}
        self._longest = max(map(len, self.token_bytes))
        self._names = re.compile("(" + "|".join(map(re.escape, special)) + ")" if special else "()")

    def encode(self, text: str) -> list[int]:
        """Greedy: the longest piece that fits."""
        tokens: list[int] = []
        for part in self._names.split(text):
            if part in self.special:
                tokens.append(self.special[part])
            else:
                tokens += self._encode(part.encode())
        return tokens

    def id(self, text: str) -> int:
        """The token that stands for exactly this."""
        return self._ids[text.encode()]

    def _encode(self, data: bytes) -> list[int]:
        tokens, at = [], 0
        while at < len(data):
            length = min(self._longest, len(data) - at)
            while data[at : at + length] not in self._ids:
                length -= 1
            tokens.append(self._ids[data[at : at + length]])
            at += length
        return tokens
