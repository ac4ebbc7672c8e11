"""What a reply model answers: messages an agent may want to send, best first."""

from __future__ import annotations

import msgspec

__all__ = ["RankedReply", "Slot"]


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A variable part of a reply.

    Attributes:
        name: what belongs there, as `name` or `order_id`.
        start, end: its place in the reply's text, in characters.
        filled: whether the text holds a value there; else it holds `{name}`, to be typed.
    """

    name: str
    start: int
    end: int
    filled: bool


class RankedReply(msgspec.Struct, frozen=True, kw_only=True):
    """One suggested reply.

    Attributes:
        answer: identity of the answer in the model's list.
        text: the message, with its slots filled as far as the conversation tells.
        slots: its variable parts, in order of place.
        score: calibrated probability that this is what the agent sends.
    """

    answer: str
    text: str
    slots: list[Slot] = []
    score: float
