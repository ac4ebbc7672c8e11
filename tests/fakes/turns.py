"""Turns of a conversation, as tests write them down."""

from __future__ import annotations

from cuebox.core.conversation import Fact, Turn

__all__ = ["agent", "tool", "user"]


def user(text: str) -> Turn:
    return Turn(role="user", text=text)


def agent(text: str) -> Turn:
    return Turn(role="agent", text=text)


def tool(**facts: Fact) -> Turn:
    return Turn(role="tool", text="lookup", facts=facts)
