"""Runs a `Continuation` as the engine does, and checks what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cuebox.generation.choices.continuation import Continuation
from cuebox.generation.choices.healing import split_stem
from cuebox.generation.choices.prompt import PreparedPrompt
from cuebox.generation.choices.sampling import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.generation import Choice, Delta, GenerateRequest
    from cuebox.core.types import FloatArray
    from cuebox.generation.choices.row import Row
    from cuebox.generation.choices.vocabulary import Vocabulary

__all__ = ["Fed", "feed", "prepared"]


@dataclass
class Fed:
    """What a run gave: its choices, its deltas by step, and the rows fed at each step."""

    continuation: Continuation
    prompt: PreparedPrompt
    deltas: list[list[Delta]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    @property
    def choices(self) -> list[Choice]:
        return self.continuation.choices()

    @property
    def texts(self) -> list[str]:
        return [choice.text for choice in self.choices]

    def collect(self, request: GenerateRequest) -> None:
        """Take the deltas of a step, if anybody asked for them."""
        if request.stream:
            self.deltas.append(self.continuation.deltas())

    def streamed(self) -> dict[int, str]:
        """Text of each choice as its deltas joined."""
        joined: dict[int, str] = {}
        for delta in (delta for deltas in self.deltas for delta in deltas):
            joined[delta.index] = joined.get(delta.index, "") + delta.text
        return joined


def prepared(
    request: GenerateRequest, vocabulary: Vocabulary, *, bos: int, room: int = 1_000
) -> PreparedPrompt:
    """The prompt without any window, after a token that begins the document."""
    if isinstance(request.prompt, list):
        return PreparedPrompt(tokens=request.prompt, stem=b"", text=None, dropped=0, room=room)
    text = request.prompt
    head, stem = split_stem(text, vocabulary) if request.heal else (text, b"")
    tokens = [bos, *vocabulary.tokenizer.encode(head)]
    return PreparedPrompt(tokens=tokens, stem=stem, text=text, dropped=0, hidden=1, room=room)


def feed(
    request: GenerateRequest,
    vocabulary: Vocabulary,
    model: Callable[[Sequence[int]], FloatArray],
    *,
    bos: int,
    seed: int = 1,
    room: int = 1_000,
    most_steps: int = 1_000,
    company: Sequence[Row] = (),
) -> Fed:
    """Answer `request` with the logits of `model`, which sees prompt and row without the BOS.

    Every row must ask for exactly the tokens that its sequence lacks, from a parent whose keys
    and values are still there. `company` are rows of others that step along.
    """
    prompt = prepared(request, vocabulary, bos=bos, room=room)
    continuation = Continuation(request, vocabulary, prompt, seed, [])
    fed = Fed(continuation, prompt)
    shown = prompt.tokens[prompt.hidden :]
    if continuation.wants_prompt_logits:
        for end in range(len(prompt.tokens)):
            seen = prompt.tokens[prompt.hidden : end + 1]
            continuation.read_prompt(model(seen)[None])
    held: dict[Row, list[int]] = {}
    rows = continuation.begin(model(shown))
    fed.collect(request)
    while not continuation.done and len(fed.steps) < most_steps:
        kept = {row: _sequence(row, held) for row in rows}
        for row in rows:
            assert kept[row] + row.feed == row.tokens
            kept[row] += row.feed
        held = kept
        fed.steps.append(len(rows))
        logits = [model(shown + row.tokens) for row in rows]
        others = [model(row.tokens) for row in company]
        choose([*company, *rows], np.stack([*others, *logits]))
        rows = continuation.settle()
        fed.collect(request)
    return fed


def _sequence(row: Row, held: dict[Row, list[int]]) -> list[int]:
    """New tokens whose keys and values a row has, or takes over from its parent."""
    if not row.fresh:
        return held[row]
    if not row.inherits:
        return []
    assert row.parent is not None
    inherited = held[row.parent][: row.inherits]
    assert len(inherited) == row.inherits
    return inherited.copy()
