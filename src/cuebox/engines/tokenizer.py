"""Text to token ids with the `tokenizers` library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest, ModelError
from cuebox.core.types import Tokens

if TYPE_CHECKING:
    from pathlib import Path

    import tokenizers

__all__ = ["FastTokenizer", "open_tokenizer", "refuse_surrogates"]

# Ordinary text has 4 to 6 characters a token; a window this wide nearly always holds more
# tokens than the encoder reads, and is tokenised in a few milliseconds.
_WINDOW_CHARS_PER_TOKEN = 64
_LONGEST_WORD = 200


class FastTokenizer:
    """`core.ports.Tokenizer` over a loaded `tokenizer.json`; safe to share between threads."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        # Both are undone by hand: padding costs a short text ten times its run, and
        # truncation inside the library would hide how long the text was.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._encode = tokenizer.encode
        self._max_tokens = max_tokens
        self._window = max_tokens * _WINDOW_CHARS_PER_TOKEN
        self._suffix = _suffix_length(tokenizer)
        if max_tokens <= self._suffix:
            raise ModelError(f"max_tokens is {max_tokens}: no room for any text")

    def encode(self, text: str) -> Tokens:
        """Token ids with special tokens, at most `max_tokens` of them, the final one kept.

        `total` counts the whole text; of text so long that counting would be slow it is a
        lower bound, still over `max_tokens`.

        Raises:
            InvalidRequest: the text holds a lone surrogate, which no encoding can carry.
        """
        ids = self._ids(text) if len(text) <= self._window else self._ids_of_long(text)
        total = len(ids)
        if total > self._max_tokens:
            ids = ids[: self._max_tokens - self._suffix] + ids[total - self._suffix :]
        return Tokens(ids, total)

    def _ids_of_long(self, text: str) -> list[int]:
        """Tokenise a growing prefix until it holds more tokens than the encoder reads."""
        window = self._window
        while window < len(text):
            ids = self._ids(text[: _cut(text, window)])
            if len(ids) > self._max_tokens:
                # Every character of the rest would be checked too, had it been tokenised.
                refuse_surrogates(text, "input")
                return ids
            window *= 2
        return self._ids(text)

    def _ids(self, text: str) -> list[int]:
        try:
            return self._encode(text).ids
        except TypeError:
            refuse_surrogates(text, "input")
            raise


def _cut(text: str, window: int) -> int:
    """Where to end a prefix of about `window` characters: at a space, so that no word is split."""
    space = text.rfind(" ", window - _LONGEST_WORD, window)
    return space if space > 0 else window


def refuse_surrogates(text: str, param: str) -> None:
    """Raise `InvalidRequest`, naming the field `param`, unless the text can be UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"the text has a lone surrogate, U+{ord(text[error.start]):04X}, at character "
            f"{error.start}: send valid Unicode",
            param=param,
        ) from None


def _suffix_length(tokenizer: tokenizers.Tokenizer) -> int:
    """How many special tokens end a text: 1 for BERT's `[SEP]`, 0 where there is none."""
    empty, text = tokenizer.encode("").ids, tokenizer.encode("a").ids
    return 1 if empty and text[-1] == empty[-1] else 0


def open_tokenizer(path: Path, max_tokens: int) -> FastTokenizer:
    """Load `tokenizer.json`.

    Raises:
        ModelError: the file is missing or not a tokenizer.
    """
    import tokenizers

    try:
        loaded = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"{path} is not a tokenizer.json: {error}") from error
    return FastTokenizer(loaded, max_tokens)
