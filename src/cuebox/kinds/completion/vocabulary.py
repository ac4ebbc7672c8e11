"""The tokenizer of a language model: byte-level BPE, digits one by one, turns marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = [
    "AGENT",
    "END_OF_TEXT",
    "END_OF_TURN",
    "SPECIAL_TOKENS",
    "USER",
    "load_tokenizer",
    "token_id",
    "train_tokenizer",
]

END_OF_TEXT = "<|endoftext|>"
USER = "<|user|>"
AGENT = "<|agent|>"
END_OF_TURN = "<|end|>"
# In the order of their ids, from 0.
SPECIAL_TOKENS = (END_OF_TEXT, USER, AGENT, END_OF_TURN)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn a byte-level BPE: any text is encoded and decoded without loss.

    Digits stay single, so that numbers do not fill the vocabulary and are read place by place.
    The same texts in the same order give the same tokenizer.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    # A digit takes the space before it along, as words do.
    digits = pre_tokenizers.Split(Regex(r" ?\p{N}"), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        show_progress=False,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(path: Path, *, turns: bool) -> Tokenizer:
    """Read a `tokenizer.json`; with `turns`, the marks of turns are added where it lacks them.

    Raises:
        ConfigError: there is no such file.
        ModelError: it is no tokenizer, or does not know where a document ends.
    """
    from tokenizers import AddedToken, Tokenizer

    if not path.is_file():
        raise ConfigError(f"{path}: no such file; name a tokenizer.json", param="tokenizer.path")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises a bare Exception
        raise ModelError(f"{path}: not a tokenizer.json: {error}") from error
    if tokenizer.token_to_id(END_OF_TEXT) is None:
        raise ModelError(f"{path}: there is no token {END_OF_TEXT!r} to part documents with")
    if turns:
        tokenizer.add_special_tokens([AddedToken(one, special=True) for one in SPECIAL_TOKENS[1:]])
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The id of a special token.

    Raises:
        ModelError: the tokenizer lacks it.
    """
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ModelError(f"the tokenizer has no token {token!r}")
    return found
