"""From a request's prompt to the tokens that the model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest
from cuebox.generation.choices.healing import split_stem
from cuebox.generation.choices.prompt import PreparedPrompt
from cuebox.generation.engine.window import TailReader, fit

if TYPE_CHECKING:
    from cuebox.core.generation import GenerateRequest
    from cuebox.core.ports import DecoderTokenizer
    from cuebox.generation.choices.vocabulary import Vocabulary
    from cuebox.generation.engine.limits import Limits

__all__ = ["Preparation"]

# Tokens kept for a stem in a window that moves, whatever the stem of this keystroke: else the
# window would begin elsewhere with every letter.
_STEM_ROOM = 32


class Preparation:
    """Turns prompts into tokens: the model's BOS, healing, and the window over long documents."""

    def __init__(
        self,
        tokenizer: DecoderTokenizer,
        vocabulary: Vocabulary,
        limits: Limits,
        *,
        bos: int | None,
        stride: float,
    ) -> None:
        self._tail = TailReader(tokenizer)
        self._vocabulary = vocabulary
        self._limits = limits
        self._bos = bos
        self._stride = stride

    def prepare(self, request: GenerateRequest) -> PreparedPrompt:
        """The end of the prompt that fits into the model beside the answer.

        `dropped` of a text is an estimate: what lies before the window is not tokenised.

        Raises:
            InvalidRequest: the prompt is empty or has an unknown token.
        """
        if isinstance(request.prompt, str):
            return self._text(request, request.prompt)
        return self._tokens(request, request.prompt)

    def _text(self, request: GenerateRequest, text: str) -> PreparedPrompt:
        head, stem = self._split(text) if request.heal and request.max_tokens else (text, b"")
        room = self._room(request, len(stem))
        # A text that holds its BOS as text already gets no second one.
        tail = self._tail.read(head, self._limits.context)
        hidden = [] if self._bos is None or tail.tokens[:1] == [self._bos] else [self._bos]
        most = self._limits.context - len(hidden) - self._reserve(request, room)
        skip = fit(len(tail.tokens), most, self._stride)
        tokens = hidden + tail.tokens[skip:]
        if not tokens:
            raise _empty()
        unread = round(tail.start * len(tail.tokens) / max(len(head) - tail.start, 1))
        return PreparedPrompt(
            tokens=tokens,
            stem=stem,
            text=text,
            dropped=unread + skip,
            hidden=len(hidden),
            room=max(room, 1),
        )

    def _split(self, text: str) -> tuple[str, bytes]:
        try:
            head, stem = split_stem(text, self._vocabulary)
        except UnicodeEncodeError:
            # A lone surrogate: the tokenizer says what is wrong with the text.
            return text, b""
        if not head and self._tail.adds_space and not text.startswith(" "):
            # To this tokenizer a text begins with a space that nobody types.
            stem = b" " + stem
        # Without BOS a model has to be given something to begin with.
        return (head, stem) if head or self._bos is not None else (text, b"")

    def _tokens(self, request: GenerateRequest, prompt: list[int]) -> PreparedPrompt:
        if not prompt:
            raise _empty()
        room = self._room(request, 0)
        skip = fit(len(prompt), self._limits.context - room, self._stride)
        tokens = prompt[skip:]
        self._limits.check_tokens(tokens, skip)
        return PreparedPrompt(
            tokens=tokens, stem=b"", text=None, dropped=skip, hidden=0, room=max(room, 1)
        )

    def _room(self, request: GenerateRequest, stem: int) -> int:
        """Tokens kept for the answer: repeating the stem is free, one more may be looked at."""
        if not request.max_tokens:
            return 0
        return min(request.max_tokens + stem + 1, self._limits.context - 2)

    def _reserve(self, request: GenerateRequest, room: int) -> int:
        """What a window leaves free: the same for all keystrokes, where that is not too much."""
        if not request.heal or not request.max_tokens:
            return room
        return max(room, min(request.max_tokens + _STEM_ROOM + 1, self._limits.context // 2))


def _empty() -> InvalidRequest:
    return InvalidRequest(
        "the prompt is empty, and this model has no token that begins a text: send some text",
        param="prompt",
    )
