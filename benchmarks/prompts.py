"""Prompts of an exact number of tokens, out of a novel, that no measurement sent before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenizers import Tokenizer

    from benchmarks.decoders import Models

__all__ = ["Prompts"]


class Prompts:
    """Takes windows of a text in turn, such that tokens and text are each other's exact image.

    A prompt's known part (all but its last tokens) must also survive the way through text, since
    some servers take nothing else.
    """

    def __init__(self, models: Models) -> None:
        self._tokenizer: Tokenizer = models.tokenizer()
        self._tokens: list[int] = self._tokenizer.encode("\n\n".join(models.paragraphs())).ids
        self._starts: Iterator[int] = iter(range(0, len(self._tokens), 13))

    def take(self, tokens: int, known: int) -> list[int]:
        """The next prompt of so many tokens, of which so many will be known."""
        for start in self._starts:
            prompt = self._tokens[start : start + tokens]
            if len(prompt) == tokens and self._exact(prompt) and self._exact(prompt[:known]):
                return prompt
        raise SystemExit("the text is used up: ask for fewer rounds")

    def text(self, tokens: list[int]) -> str:
        """What the tokens say."""
        return self._tokenizer.decode(tokens)

    def _exact(self, tokens: list[int]) -> bool:
        return self._tokenizer.encode(self.text(tokens)).ids == tokens
