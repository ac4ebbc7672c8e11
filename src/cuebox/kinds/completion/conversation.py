"""A conversation and a draft as the one text that a language model is asked to continue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import ModelError
from cuebox.kinds.completion.vocabulary import AGENT, END_OF_TURN, USER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cuebox.core.conversation import Turn

__all__ = ["ConversationFormat", "read_special_tokens"]

_MARKS = {"user": USER, "agent": AGENT}
# More characters a token than text has, so that the model's window, which cuts by tokens and
# knows how to do it without losing what it remembers, is what decides in nearly every case.
_CHARS_PER_TOKEN = 16
# The beginning that is left out of a long conversation grows by such a part of the bound at once:
# while it stays where it is, the engine recognises the prompt of the turn before.
_STRIDE = 4


class ConversationFormat:
    """Writes prompts for one model.

    Args:
        special: text of each of the model's special tokens.
        context: tokens that the model can attend to.
        marked: whether it learnt conversations with marks around each turn; else it is given
            what was said line by line.
    """

    def __init__(self, special: Collection[str], *, context: int, marked: bool) -> None:
        self._marked = marked
        self._most_chars = context * _CHARS_PER_TOKEN
        longest_first = sorted(filter(None, special), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def prompt(self, turns: Sequence[Turn], draft: str) -> str:
        """What the model continues; ends with the draft as it was typed.

        Lookups are left out: no model learnt them. A special token's text is broken up by a space
        wherever a person wrote it, in a draft as well: what is answered continues the draft
        either way.
        """
        said = [self._whole(turn) for turn in turns if turn.role != "tool" and turn.text.strip()]
        return "".join(self._end(said)) + (AGENT if self._marked else "") + self._plain(draft)

    def _whole(self, turn: Turn) -> str:
        # Half of the bound, so that the last turn always has room.
        text = self._plain(turn.text[-self._most_chars // 2 :])
        return f"{_MARKS[turn.role]}{text}{END_OF_TURN}" if self._marked else f"{text}\n"

    def _plain(self, text: str) -> str:
        return self._special.sub(_broken_up, text)

    def _end(self, said: list[str]) -> list[str]:
        """The last turns that fit, the first left out moving in strides."""
        over = sum(map(len, said)) - self._most_chars
        if over <= 0:
            return said
        stride = self._most_chars // _STRIDE
        most_skipped = -(-over // stride) * stride
        skipped = 0
        for first, text in enumerate(said):
            if skipped >= over and skipped + len(text) > most_skipped:
                return said[first:]
            skipped += len(text)
        return said[-1:]


def _broken_up(token: re.Match[str]) -> str:
    first, rest = token[0][0], token[0][1:]
    return f"{first} {rest}" if rest else " "


class _AddedToken(msgspec.Struct):
    content: str
    special: bool = False


class _TokenizerFile(msgspec.Struct):
    added_tokens: list[_AddedToken] = []


def read_special_tokens(content: bytes) -> frozenset[str]:
    """Text of the special tokens that a `tokenizer.json` names.

    Raises:
        ModelError: it is none.
    """
    try:
        file = msgspec.json.decode(content, type=_TokenizerFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"this is no tokenizer.json: {error}") from error
    return frozenset(token.content for token in file.added_tokens if token.special)
