"""llama2.c's tokenizer, merging by score, as a `tokenizer.json` that encodes the same."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["BOS", "EOS", "read_llama2c_tokenizer"]

BOS, EOS = 1, 2
_SPECIAL = ("<unk>", "<s>", "</s>")
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
_ENTRY = struct.Struct("<fi")


def read_llama2c_tokenizer(path: Path, vocab: int) -> str:
    """The content of an equivalent `tokenizer.json`.

    Both begin with the characters of the text (with the bytes of those that are not in the
    vocabulary), put a space in front, and join the neighbours whose union has the best score
    until no union is in the vocabulary. A list of merges says the same when it is in the order
    of scores.

    Raises:
        ConfigError: there is no such file.
        ModelError: it is not a llama2.c tokenizer of `vocab` tokens.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

    entries = _read(path)
    if len(entries) != vocab:
        raise ModelError(f"{path} has {len(entries)} tokens, the model {vocab}")
    texts = [*_SPECIAL, *(text for text, _ in entries[len(_SPECIAL) :])]
    first_text = len(_SPECIAL) + len(_BYTES)
    if texts[len(_SPECIAL) : first_text] != _BYTES or len(set(texts)) != len(texts):
        raise ModelError(f"{path}: expected tokens 3 to 258 to be the bytes, and no token twice")
    ids = {text: number for number, text in enumerate(texts)}
    scores = {text: entries[ids[text]][1] for text in texts[first_text:]}
    tokenizer = Tokenizer(models.BPE(ids, _merges(scores), byte_fallback=True))
    tokenizer.normalizer = normalizers.Prepend(" ")
    # Decoded texts begin with the space that was put in front.
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(
        [AddedToken(text, normalized=False, special=True) for text in _SPECIAL]
    )
    return str(tokenizer.to_str())


def _merges(scores: Mapping[str, float]) -> Sequence[tuple[str, str]]:
    """Every pair of tokens that joins to a token, best score first."""
    pairs = [
        (-score, cut, text[:cut], text[cut:])
        for text, score in scores.items()
        for cut in range(1, len(text))
        if text[:cut] in scores and text[cut:] in scores
    ]
    return [(left, right) for _, _, left, right in sorted(pairs)]


def _read(path: Path) -> list[tuple[str, float]]:
    """Text and score of each token: a length, then a score, a size and so many bytes each."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file", param="tokenizer")
    content = path.read_bytes()
    entries = []
    at = 4
    try:
        while at < len(content):
            score, size = _ENTRY.unpack_from(content, at)
            at += _ENTRY.size
            if not 0 <= size <= len(content) - at:
                raise ModelError(f"{path} is not a llama2.c tokenizer: a token of {size} bytes")
            entries.append((content[at : at + size].decode(), score))
            at += size
    except (struct.error, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a llama2.c tokenizer: {error}") from error
    return entries
