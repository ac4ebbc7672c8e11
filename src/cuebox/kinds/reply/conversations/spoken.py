"""One turn of a past conversation, with what is known of how it was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cuebox.core.conversation import Turn

__all__ = ["SpokenTurn", "TurnKind"]

TurnKind = Literal["picked", "free"]


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """One turn of a past conversation.

    Attributes:
        turn: what the screen showed.
        agent: who typed it.
        task: what it was about.
        turn_kind: `picked` from canned replies, or `free` text; None where nobody knows.
        draft: what had been typed before it was sent.
    """

    turn: Turn
    agent: str | None = None
    task: str | None = None
    turn_kind: TurnKind | None = None
    draft: str | None = None
