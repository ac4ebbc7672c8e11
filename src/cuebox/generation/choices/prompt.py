"""A prompt as the model reads it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PreparedPrompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPrompt:
    """What was typed, in tokens and in the bytes that are left to the answer's first tokens.

    Attributes:
        tokens: what the model reads, its BOS included; never empty.
        stem: what was typed after `tokens`; the first new tokens reproduce it.
        text: everything that was typed, for `echo`; None for a prompt of tokens.
        dropped: tokens before the model's window.
        hidden: leading `tokens` that nobody typed (BOS).
        room: most new tokens of one row that the window still holds.
    """

    tokens: list[int]
    stem: bytes
    text: str | None
    dropped: int
    hidden: int = 0
    room: int
