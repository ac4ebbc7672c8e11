"""Drafts as agents might have typed them: beginnings, beginnings with a slip, other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from cuebox.kinds.reply.examples import Example

__all__ = ["LENGTHS", "simulated_draft", "with_slip"]

LENGTHS = (1, 2, 3, 5, 8, 13, 21)
_SLIPS = 0.1
_OWN_WORDS = 0.2
_LETTERS = "etaoinshrdlu "


def simulated_draft(example: Example, rng: np.random.Generator) -> str:
    """One draft of the example's message.

    Where the data tells what the agent really typed before sending, that is taken at times, up to
    a random word; else it is the message's own beginning.
    """
    if example.draft and example.draft.strip() and rng.random() < _OWN_WORDS:
        words = example.draft.split()
        return " ".join(words[: int(rng.integers(1, len(words) + 1))]) + " "
    draft = example.text[: int(rng.choice(LENGTHS))]
    return with_slip(draft, rng) if len(draft) > 2 and rng.random() < _SLIPS else draft


def with_slip(draft: str, rng: np.random.Generator) -> str:
    """A letter too many, too few, or another one; never the first."""
    place = int(rng.integers(1, len(draft)))
    letter = _LETTERS[int(rng.integers(len(_LETTERS)))]
    changed: Sequence[str] = (
        draft[:place] + letter + draft[place:],
        draft[:place] + draft[place + 1 :],
        draft[:place] + letter + draft[place + 1 :],
    )
    return changed[int(rng.integers(len(changed)))]
