"""A conversation as an agent's screen shows it: who said what, and what was looked up."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Fact", "Role", "Turn"]

Role = Literal["user", "agent", "tool"]
Fact = str | int | float | bool | None


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One turn.

    Attributes:
        role: `user` is the customer, `agent` the person who is helped; a `tool` turn is what a
            lookup answered (a record of the customer, an order), which only the agent sees.
        text: what was said; of a tool turn, the lookup's name.
        time: when, in Unix seconds; None where nobody knows.
        facts: of a tool turn, what it answered, by field.
    """

    role: Role
    text: str = ""
    time: float | None = None
    facts: dict[str, Fact] = {}
