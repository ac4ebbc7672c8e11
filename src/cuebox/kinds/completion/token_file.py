"""Documents as token ids on disk, read through memory maps.

A token file is a folder: `tokens.bin` (uint16 or uint32), `marks.bin` (uint8, what each token
is), `starts.npy` (int64, where each document begins, and the end), `facts.json`.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.core.errors import DataError
from cuebox.kinds.completion.corpus import Document, Turn
from cuebox.kinds.completion.vocabulary import AGENT, END_OF_TEXT, END_OF_TURN, USER, token_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from cuebox.core.types import IntArray

__all__ = [
    "COUNTED",
    "STRUCTURE",
    "USER_TURN",
    "Facts",
    "TokenFile",
    "prompt_tokens",
    "write_token_file",
]

# What a token is: a border that is not predicted, part of a user's turn, or text that counts.
STRUCTURE, USER_TURN, COUNTED = 0, 1, 2
_FACTS = "facts.json"
_AT_ONCE = 512


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a token file holds.

    Attributes:
        tokens: all of them.
        counted: tokens that count in the figures: plain text, agents' turns and their ends.
        characters, bytes: of the text that counts.
    """

    documents: int = 0
    tokens: int = 0
    counted: int = 0
    characters: int = 0
    bytes: int = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class TokenFile:
    """An opened token file; the arrays are read-only and stay on disk until they are read."""

    tokens: NDArray[Any]
    marks: NDArray[np.uint8]
    starts: IntArray
    facts: Facts

    @classmethod
    def open(cls, folder: Path) -> TokenFile | None:
        """The token file in `folder`; None when there is none."""
        try:
            facts = msgspec.json.decode((folder / _FACTS).read_bytes(), type=Facts)
        except (OSError, msgspec.DecodeError):
            return None
        kind = np.uint32 if facts.wide else np.uint16
        if not facts.tokens:
            empty = np.zeros(0, kind), np.zeros(0, np.uint8)
            return cls(*empty, np.zeros(1, np.int64), facts)
        return cls(
            np.memmap(folder / "tokens.bin", kind, mode="r"),
            np.memmap(folder / "marks.bin", np.uint8, mode="r"),
            np.load(folder / "starts.npy"),
            facts,
        )


def write_token_file(
    documents: Iterable[Document], tokenizer: Tokenizer, folder: Path
) -> TokenFile:
    """Encode documents; the folder appears whole or not at all.

    Raises:
        DataError: the folder cannot be written.
    """
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    wide = tokenizer.get_vocab_size() > np.iinfo(np.uint16).max
    kind = np.uint32 if wide else np.uint16
    encode = _Encoder(tokenizer)
    starts, counted, characters, size = [0], 0, 0, 0
    with (part / "tokens.bin").open("wb") as tokens, (part / "marks.bin").open("wb") as marks:
        for some in _batched(documents):
            for document, ids, kinds in encode(some):
                tokens.write(np.asarray(ids, kind).tobytes())
                marks.write(bytes(kinds))
                starts.append(starts[-1] + len(ids))
                counted += kinds.count(COUNTED)
                texts = [turn.text for turn in document.turns if turn.role != "user"]
                characters += sum(map(len, texts))
                size += sum(len(text.encode()) for text in texts)
    np.save(part / "starts.npy", np.asarray(starts, np.int64))
    facts = Facts(
        documents=len(starts) - 1,
        tokens=starts[-1],
        counted=counted,
        characters=characters,
        bytes=size,
        wide=wide,
    )
    (part / _FACTS).write_bytes(msgspec.json.encode(facts))
    if folder.exists():
        shutil.rmtree(folder)
    part.replace(folder)
    opened = TokenFile.open(folder)
    if opened is None:
        raise DataError(f"{folder}: cannot be read back; is the disk full?")
    return opened


def prompt_tokens(
    tokenizer: Tokenizer, turns: Sequence[Turn], turn: Turn, before: str
) -> list[int]:
    """The tokens that a model sees when somebody has typed `before` of `turn`.

    The same as those of the document in a token file, up to where the text was cut.
    """
    document = Document("", "test", (*turns, Turn(turn.role, before)))
    [(_, ids, _)] = _Encoder(tokenizer)([document])
    return ids if turn.role == "text" else ids[:-1]


class _Encoder:
    """Documents to token ids, one mark each."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # A text that spells a special token must not become one.
        tokenizer.encode_special_tokens = True
        self._border = token_id(tokenizer, END_OF_TEXT)

    @cached_property
    def _turn_marks(self) -> tuple[dict[str, int], int]:
        """The token that opens a turn, by role, and the one that ends it."""
        user, agent, end = (token_id(self._tokenizer, one) for one in (USER, AGENT, END_OF_TURN))
        return {"user": user, "agent": agent}, end

    def __call__(
        self, documents: list[Document]
    ) -> Iterator[tuple[Document, list[int], list[int]]]:
        texts = [turn.text for document in documents for turn in document.turns]
        encoded = iter(self._tokenizer.encode_batch(texts, add_special_tokens=False))
        for document in documents:
            ids, marks = [self._border], [STRUCTURE]
            for turn, piece in zip(
                document.turns, islice(encoded, len(document.turns)), strict=True
            ):
                if turn.role == "text":
                    ids += piece.ids
                    marks += [COUNTED] * len(piece.ids)
                    continue
                mark = COUNTED if turn.role == "agent" else USER_TURN
                opens, end = self._turn_marks
                ids += [opens[turn.role], *piece.ids, end]
                marks += [STRUCTURE, *[mark] * (len(piece.ids) + 1)]
            yield document, ids, marks


def _batched(documents: Iterable[Document]) -> Iterator[list[Document]]:
    iterator = iter(documents)
    while some := list(islice(iterator, _AT_ONCE)):
        yield some
