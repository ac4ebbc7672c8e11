"""Agents for benchmarks: what each types, and the conversation as it stands at every key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Agent", "read_agents"]

_SENT = "\n"
_CONVERSATIONS_EACH = 6
_TURN = ("role", "text", "time", "facts")


@dataclass(frozen=True)
class Agent:
    """One agent and their conversations, one after another.

    Attributes:
        text: all their messages, each ended by the key that sends it.
        before: for each message the turns that stand on the screen while it is typed.
    """

    number: int
    text: str
    before: list[list[dict[str, Any]]]

    def asked(self, typed: str) -> dict[str, object]:
        """Conversation and draft of a request, when so much of `text` is typed."""
        *sent, draft = typed.split(_SENT)
        return {"conversation": self.before[min(len(sent), len(self.before) - 1)], "draft": draft}


def read_agents(path: Path, number: int) -> list[Agent]:
    """So many agents, each with conversations of their own, from a file of turns (JSONL)."""
    conversations = _held_out(path)
    return [
        _agent(place, list(islice(conversations, _CONVERSATIONS_EACH))) for place in range(number)
    ]


def _held_out(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Conversations that no model was trained on, where the file says which."""
    with path.open(encoding="utf-8") as lines:
        for _, rows in groupby(map(json.loads, lines), key=lambda row: row["conversation"]):
            turns = list(rows)
            if turns[0].get("split", "test") == "test":
                yield turns


def _agent(number: int, conversations: list[list[dict[str, Any]]]) -> Agent:
    typed, before = [], []
    for rows in conversations:
        turns = [{name: row[name] for name in _TURN if name in row} for row in rows]
        for place, turn in enumerate(turns):
            if turn["role"] == "agent":
                typed.append(" ".join(turn["text"].split()) + _SENT)
                before.append(turns[:place])
    return Agent(number, "".join(typed), before)
