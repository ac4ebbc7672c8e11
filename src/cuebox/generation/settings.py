"""What a person may set about answering completions: bounds, fairness, pace and memory."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cuebox.core.errors import ConfigError

__all__ = ["GenerationSettings"]

Positive = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class GenerationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one language model's requests share a machine.

    Attributes:
        max_choices: largest `n` or `best_of` of a request.
        max_tokens: largest `max_tokens` of a request; the model's window bounds it as well.
        max_prompt_chars: longest prompt, in characters. What lies before the model's window is
            not even tokenised, so this bounds memory, not time.
        max_prompt_tokens: longest prompt given as tokens.
        max_rows: most choices in one decoding step, over all requests.
        max_waiting: most requests waiting before new ones get 429.
        max_waiting_tokens: most prompt tokens waiting before new requests get 429.
        client_share: part of the rows and of the blocks that one client's requests may hold
            together, so that there is always room for another's. A client's only request may
            hold more.
        step_ms: how long a step that also reads prompts should take at most. Prompts are read in
            pieces of this size, so that running answers keep their pace and a request that is
            cancelled or superseded is gone soon, also in the middle of its prompt.
        window_stride: part of the window by which it moves at once over a long document. A moved
            window is computed anew, so a small stride costs time and a large one context.
        remembered_logits: prompts whose next-token logits are kept, so that the same prompt (the
            next keystroke within a word) takes no step at all. Each takes 4 bytes x vocabulary.
    """

    max_choices: Positive = 16
    max_tokens: Positive = 1_024
    max_prompt_chars: Positive = 2_000_000
    max_prompt_tokens: Positive = 500_000
    max_rows: Positive = 32
    max_waiting: Positive = 256
    max_waiting_tokens: Positive = 200_000
    client_share: Share = 0.75
    step_ms: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    window_stride: Annotated[float, msgspec.Meta(gt=0, le=0.5)] = 0.25
    remembered_logits: Annotated[int, msgspec.Meta(ge=0)] = 32

    def __post_init__(self) -> None:
        """Refuse a request size that could never run."""
        if self.max_choices > self.max_rows:
            raise ConfigError(
                f"max_choices is {self.max_choices} but max_rows only {self.max_rows}: all "
                "choices of a request step together, so raise max_rows or lower max_choices",
                param="generation.max_choices",
            )
