"""What a replay records: every moment of every message, without the text."""

from __future__ import annotations

import msgspec

from cuebox.kinds.reply.replay.typist import Moment

__all__ = ["ReplayedConversation", "ReplayedMessage"]


class ReplayedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What was offered while one message was typed.

    Attributes:
        place: where in the conversation, of its agent's messages, from above 0 (the first) to
            below 1 (the last).
        agent, task, turn_kind: empty where nobody knows.
        moments: one for each draft, from the empty one; as many as the message has characters.
    """

    place: float
    agent: str = ""
    task: str = ""
    turn_kind: str = ""
    moments: list[Moment]


class ReplayedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation, with a message for each turn in which the agent said something."""

    id: str
    messages: list[ReplayedMessage]
