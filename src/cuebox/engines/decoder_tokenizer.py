"""A language model's tokenizer, with the bytes that each token stands for."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import ModelError
from cuebox.engines.tokenizer import refuse_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import tokenizers

__all__ = ["SubwordTokenizer", "open_decoder_tokenizer"]

_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE_PIECE = "\N{LOWER ONE EIGHTH BLOCK}"


class SubwordTokenizer:
    """`core.ports.DecoderTokenizer` over the `tokenizers` library; safe to share by threads."""

    def __init__(
        self, tokenizer: tokenizers.Tokenizer, token_bytes: Sequence[bytes], special: dict[str, int]
    ) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = False  # their text becomes the token, not its letters
        self._encode = tokenizer.encode
        self.token_bytes = token_bytes
        self.special = special

    def encode(self, text: str) -> list[int]:
        """Token ids, nothing added and nothing cut.

        Raises:
            InvalidRequest: the text holds a lone surrogate, which no encoding can carry.
        """
        try:
            ids: list[int] = self._encode(text, add_special_tokens=False).ids
        except TypeError:
            refuse_surrogates(text, "prompt")
            raise
        return ids


class _Decoder(msgspec.Struct):
    """How pieces become text: one step, or a sequence of them."""

    type: str
    decoders: list[_Decoder] = []

    def steps(self) -> Iterator[str]:
        yield self.type
        for each in self.decoders:
            yield from each.steps()


class _Model(msgspec.Struct):
    unk_token: str | None = None
    unk_id: int | None = None


class _AddedToken(msgspec.Struct):
    id: int
    content: str
    special: bool = False


class _File(msgspec.Struct):
    """What is read of a `tokenizer.json` besides what the library reads."""

    model: _Model
    decoder: _Decoder | None = None
    added_tokens: list[_AddedToken] = []


def open_decoder_tokenizer(path: Path, vocab: int) -> SubwordTokenizer:
    """Load `tokenizer.json`, byte-level (GPT-2, Llama 3) or sentencepiece (Llama 2).

    Args:
        path: the file.
        vocab: rows of the model's embedding; ids of no token stand for no bytes.

    Raises:
        ModelError: the file is missing, of another kind, or has more tokens than the model.
    """
    import tokenizers

    try:
        content = path.read_bytes()
        loaded = tokenizers.Tokenizer.from_buffer(content)
        file = msgspec.json.decode(content, type=_File)
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path} is not a tokenizer.json: {error}") from error
    pieces = _pieces(path, loaded, vocab)
    steps = set(file.decoder.steps()) if file.decoder else set()
    if "ByteLevel" in steps:
        token_bytes = _byte_level(pieces)
    elif steps & {"ByteFallback", "Metaspace", "Replace"}:
        token_bytes = [_sentencepiece(piece) for piece in pieces]
    else:
        raise ModelError(
            f"{path} decodes by {sorted(steps) or 'nothing'}: tokens must be byte-level "
            f"(ByteLevel) or sentencepiece's (Metaspace, ByteFallback)"
        )
    special = {token.content: token.id for token in file.added_tokens if token.special}
    for token in file.added_tokens:
        token_bytes[token.id] = b"" if token.special else token.content.encode()
    unknown = loaded.token_to_id(file.model.unk_token) if file.model.unk_token else None
    for id_ in (unknown, file.model.unk_id):
        if id_ is not None:
            token_bytes[id_] = b""
    return SubwordTokenizer(loaded, token_bytes, special)


def _pieces(path: Path, tokenizer: tokenizers.Tokenizer, vocab: int) -> list[str]:
    """The piece of each id, empty where there is none."""
    pieces = [""] * vocab
    for piece, id_ in tokenizer.get_vocab(with_added_tokens=True).items():
        if id_ >= vocab:
            raise ModelError(
                f"{path} has the token {piece!r} with id {id_}, and the model has {vocab} rows: "
                f"the tokenizer is another model's"
            )
        pieces[id_] = piece
    return pieces


def _byte_level(pieces: Sequence[str]) -> list[bytes]:
    """Bytes of pieces that have one character for each byte; all at once, as there are many."""
    text = "".join(pieces).translate(_byte_level_alphabet())
    joined = text.encode("latin-1", errors="replace")  # added tokens may have any character
    ends = list(itertools.accumulate(map(len, pieces), initial=0))
    return [joined[begin:end] for begin, end in itertools.pairwise(ends)]


def _byte_level_alphabet() -> dict[int, int]:
    """The character that GPT-2 writes for each byte, to that byte.

    Printable bytes are themselves; the others follow from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in set(printable)]
    return {0x100 + place: byte for place, byte in enumerate(others)}


def _sentencepiece(piece: str) -> bytes:
    match = _BYTE_PIECE.fullmatch(piece)
    if match:
        return bytes([int(match[1], 16)])
    return piece.replace(_SPACE_PIECE, " ").encode()
