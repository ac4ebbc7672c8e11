"""Small made-up conversations."""

from __future__ import annotations

from cuebox.core.conversation import Role, Turn
from cuebox.kinds.reply.conversations.reading import Conversation
from cuebox.kinds.reply.conversations.spoken import SpokenTurn

_ROLES: dict[str, Role] = {"u": "user", "a": "agent", "t": "tool"}


def conversation(identity: str, *lines: str) -> Conversation:
    """A conversation of lines such as `u: hello` and `a: Hi! #free` (`#picked`)."""
    turns = []
    for line in lines:
        role, _, text = line.partition(": ")
        text, _, kind = text.partition(" #")
        turn = Turn(role=_ROLES[role], text=text)
        turns.append(
            SpokenTurn(
                turn,
                agent=f"agent of {identity}" if role == "a" else None,
                task="parcels" if role == "a" else None,
                turn_kind="picked" if kind == "picked" else "free" if kind else None,
                draft="a secret" if role == "a" else None,
            )
        )
    return Conversation(identity, "test", tuple(turns))
