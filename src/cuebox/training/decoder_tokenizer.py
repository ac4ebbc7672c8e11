"""The `tokenizer.json` of a language model: as a checkpoint has it, or made from older files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = ["byte_level_tokenizer", "parse_tokenizer", "read_tokenizer"]

# Vocabulary and merges of a GPT-2 tokenizer, as transformers and as OpenAI call them.
_BYTE_LEVEL_FILES = (("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe"))
_END_OF_TEXT = "<|endoftext|>"


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint folder, without padding or truncation.

    Raises:
        ModelError: the folder has none, or one that cannot be read.
    """
    whole = folder / "tokenizer.json"
    if whole.is_file():
        try:
            return parse_tokenizer(whole.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ModelError) as error:
            raise ModelError(f"{whole} is not a tokenizer: {error}") from error
    for vocabulary, merges in _BYTE_LEVEL_FILES:
        if (folder / vocabulary).is_file() and (folder / merges).is_file():
            return byte_level_tokenizer(folder / vocabulary, folder / merges)
    raise ModelError(
        f"{folder} has no tokenizer.json: make one with "
        "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
    )


def parse_tokenizer(content: str) -> Tokenizer:
    """A tokenizer from the text of its file.

    Raises:
        ModelError: it is none.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(content)
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"not a tokenizer.json: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def byte_level_tokenizer(vocabulary: Path, merges: Path) -> Tokenizer:
    """GPT-2's byte-level BPE from its two files.

    Raises:
        ModelError: one of them cannot be read.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    try:
        ids = json.loads(vocabulary.read_text(encoding="utf-8"))
        lines = merges.read_text(encoding="utf-8").splitlines()
        pairs = [
            (left, right)
            for left, _, right in (line.partition(" ") for line in lines)
            if right and left != "#version:"
        ]
        tokenizer = Tokenizer(models.BPE(ids, pairs))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{vocabulary} and {merges.name} are no tokenizer: {error}") from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if _END_OF_TEXT in ids:
        tokenizer.add_special_tokens([AddedToken(_END_OF_TEXT, normalized=False, special=True)])
    return tokenizer
