"""Conversations with support agents, one record per turn.

Every record has `conversation`, `role` (`user` or `agent`), `text`, `time` (seconds since 1970,
or null) and `split`; a conversation is held out whole.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

from irc_support import channel_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Turn", "irc_support", "star_drafts", "star_turns", "taskmaster"]

Turn = dict[str, Any]


def star_turns(raw: Path) -> Iterator[Turn]:
    """STAR as it was sent: customers' turns, and what agents picked or wrote.

    Agents are split disjointly, by a hash of the worker's id: 15 % test, 10 % validation.
    """
    for dialogue in _star(raw):
        yield from _turns(dialogue, "star", _sent(dialogue["Events"]))


def star_drafts(raw: Path) -> Iterator[Turn]:
    """STAR as it was typed: an agent's turn is the last draft before something was sent."""
    for dialogue in _star(raw):
        yield from _turns(dialogue, "star-drafts", _drafted(dialogue["Events"]))


def taskmaster(raw: Path) -> Iterator[Turn]:
    """Taskmaster-4: ordering coffee."""
    with gzip.open(raw / "taskmaster4" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            dialogue = json.loads(line)
            number = dialogue["conversation_id"]
            split = _split(number, test=5, validation=5)
            turns = (
                ("agent" if one["speaker"] == "assistant" else "user", one["text"], None)
                for one in dialogue["utterances"]
            )
            yield from _records(f"taskmaster/{number}", split, turns)


def irc_support(raw: Path) -> Iterator[Turn]:
    """Help channels as conversations of the one who asks with the one who helps most."""
    for chunk, threads in channel_threads(raw / "irc_support" / "irc_ubuntu_etc.tar.xz"):
        split = _split(chunk, test=5, validation=5)
        for number, thread in enumerate(threads):
            turns = (("user" if one.asks else "agent", one.text, None) for one in thread)
            yield from _records(f"irc/{chunk}/{number}", split, turns)


def _star(raw: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(raw / "star" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _turns(
    dialogue: dict[str, Any], source: str, turns: Iterable[tuple[str, str, int | None]]
) -> Iterator[Turn]:
    split = _split(dialogue["AnonymizedWizardWorkerID"], test=15, validation=10)
    yield from _records(f"{source}/{dialogue['DialogueID']}", split, turns)


def _sent(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, int | None]]:
    for event in events:
        if event["Agent"] == "User" and event["Action"] == "utter":
            yield "user", event["Text"], event["UnixTime"]
        elif event["Agent"] == "Wizard" and event["Action"] in {"pick_suggestion", "utter"}:
            yield "agent", event["Text"], event["UnixTime"]


def _drafted(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, int | None]]:
    draft: tuple[str, int] | None = None
    for event in events:
        if event["Action"] == "request_suggestions":
            draft = event["Text"], event["UnixTime"]
        elif event["Agent"] == "User" and event["Action"] == "utter":
            draft = None
            yield "user", event["Text"], event["UnixTime"]
        elif event["Agent"] == "Wizard" and event["Action"] in {"pick_suggestion", "utter"}:
            text, time = draft or (event["Text"], event["UnixTime"])
            draft = None
            yield "agent", text, time


def _records(
    conversation: str, split: str, turns: Iterable[tuple[str, str, int | None]]
) -> Iterator[Turn]:
    """Turns as records; blank ones left out, neighbours of one role joined.

    A conversation without an agent's turn teaches nothing and is left out.
    """
    joined: list[Turn] = []
    for role, raw_text, time in turns:
        text = " ".join(raw_text.split())
        if not text:
            continue
        if joined and joined[-1]["role"] == role:
            joined[-1]["text"] += f"\n{text}"
        else:
            joined.append(
                {
                    "conversation": conversation,
                    "role": role,
                    "text": text,
                    "time": time,
                    "split": split,
                }
            )
    if any(turn["role"] == "agent" for turn in joined):
        yield from joined


def _split(identity: str, *, test: int, validation: int) -> str:
    """The project's rule: the first 8 hex digits of the SHA-256, modulo 100."""
    place = int(hashlib.sha256(identity.encode()).hexdigest()[:8], 16) % 100
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"
