"""Conversations as an agent's screen showed them, one record a turn, lookups included.

Every record has `conversation`, `role` (`user`, `agent` or `tool`), `text`, `time` (seconds since
1970, or null) and `split`; a `tool` turn has `facts`: what came back, then what was asked; an
`agent` turn has, where the source tells, `agent`, `task`, `turn_kind` (`picked` from canned
replies or `free` text) and `draft`, what was typed before it was sent.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["star_conversations", "star_conversations_by_task", "taskmaster_conversations"]

Turn = dict[str, Any]
Dialogue = dict[str, Any]

_SENT = {"pick_suggestion": "picked", "utter": "free"}
_TEST, _VALIDATION = 15, 10


def star_conversations(raw: Path) -> Iterator[Turn]:
    """STAR with its agents split disjointly, by a hash of the worker's id: 15 % test."""
    for dialogue in _star(raw):
        split = _split_at(_place(dialogue["AnonymizedWizardWorkerID"]))
        yield from _star_records(dialogue, split)


def star_conversations_by_task(raw: Path) -> Iterator[Turn]:
    """STAR with whole tasks held out, taken in the order of their names' hashes.

    Tasks are taken until 15 % of the agents' turns are test, then until another 10 % are
    validation. A dialogue whose tasks are of several splits is left out: in training it would
    show a task that must never have been seen.
    """
    dialogues = list(_star(raw))
    splits = _task_splits(dialogues)
    for dialogue in dialogues:
        found = {splits[task] for task in _tasks(dialogue)}
        if len(found) == 1:
            yield from _star_records(dialogue, found.pop())


def taskmaster_conversations(raw: Path) -> Iterator[Turn]:
    """Taskmaster-4, ordering coffee; what the shop's system answered is a `tool` turn."""
    with gzip.open(raw / "taskmaster4" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            dialogue = json.loads(line)
            identity = dialogue["conversation_id"]
            turns = (turn for one in dialogue["utterances"] for turn in _coffee_turns(one))
            yield from _records(f"taskmaster/{identity}", _split_at(_place(identity)), turns)


def _star(raw: Path) -> Iterator[Dialogue]:
    with gzip.open(raw / "star" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _star_records(dialogue: Dialogue, split: str) -> Iterator[Turn]:
    return _records(f"star/{dialogue['DialogueID']}", split, _star_turns(dialogue))


def _star_turns(dialogue: Dialogue) -> Iterator[Turn]:
    """Events as turns: a query and its answer are one, a draft holds until somebody speaks."""
    agent = {"role": "agent", "agent": dialogue["AnonymizedWizardWorkerID"]}
    task = None if dialogue["Scenario"]["MultiTask"] else _tasks(dialogue)[0]
    draft: str | None = None
    asked: dict[str, Any] = {}
    time = None
    for event in dialogue["Events"]:
        action, time = event["Action"], event.get("UnixTime", time)  # answers come at once
        turn = {"text": event.get("Text", ""), "time": time}
        if action == "select_task":
            task = event["Task"]
        elif action == "request_suggestions":
            draft = event["Text"]
        elif action == "query":
            asked = _asked(event["Constraints"])
        elif action == "return_item":
            yield turn | {"role": "tool", "text": event["APIName"], "facts": _found(event, asked)}
        elif action in _SENT and event["Agent"] == "Wizard":
            yield turn | agent | {"task": task, "turn_kind": _SENT[action], "draft": draft}
            draft = None
        elif action == "utter":
            yield turn | {"role": "user"}
            draft = None


def _found(event: Turn, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a lookup gave, then what was asked; of a search also the number of hits."""
    facts = {key: value for key, value in event.get("Item", {}).items() if key != "APIName"}
    if event["TotalItems"] >= 0:
        facts["TotalItems"] = event["TotalItems"]
    return {**facts, **{name: value for name, value in asked.items() if name not in facts}}


def _asked(constraints: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What an agent filled into the query form, where it is one plain value."""
    values: dict[str, Any] = {}
    for constraint in constraints:
        for name, written in constraint.items():
            text = written.removeprefix("api.is_equal_to(")
            text = text if text is written else text.removesuffix(")")
            try:
                value = json.loads(text)
            except ValueError:
                continue
            if not isinstance(value, (list, dict)):
                values[name] = value
    return values


def _task_splits(dialogues: Iterable[Dialogue]) -> dict[str, str]:
    """The split of each task, counted over the dialogues that have no other task."""
    turns: Counter[str] = Counter()
    for dialogue in dialogues:
        tasks = _tasks(dialogue)
        sent = sum(turn["role"] == "agent" for turn in _star_turns(dialogue))
        for task in tasks:
            turns[task] += sent if len(tasks) == 1 else 0
    splits: dict[str, str] = {}
    taken = 0
    for task in sorted(turns, key=_digest):
        splits[task] = _split_at(100 * taken // turns.total())
        taken += turns[task]
    return splits


def _tasks(dialogue: Dialogue) -> list[str]:
    return [able["Task"] for able in dialogue["Scenario"]["WizardCapabilities"]]


def _coffee_turns(utterance: Mapping[str, Any]) -> Iterator[Turn]:
    role = "agent" if utterance["speaker"] == "assistant" else "user"
    yield {"role": role, "text": utterance["text"], "time": None}
    name = ""
    for note in utterance["annotations"]:
        if note["name"] == "api_response":
            name = note["value"]
        elif note["name"] == "response":
            try:
                answer = json.loads(note["value"])
            except ValueError:  # typed by hand, and now and then not JSON
                continue
            yield {"role": "tool", "text": name, "time": None, "facts": answer}


def _records(conversation: str, split: str, turns: Iterable[Turn]) -> Iterator[Turn]:
    """Turns as records, white space folded; what nobody said and what nobody knows left out.

    A conversation without an agent's turn teaches nothing and is left out.
    """
    records = []
    for turn in turns:
        text = " ".join(turn["text"].split())
        if text:
            known = {key: value for key, value in turn.items() if value is not None}
            first = {"conversation": conversation, "role": turn["role"], "text": text}
            records.append({**first, "time": None, "split": split, **known, "text": text})
    if any(record["role"] == "agent" for record in records):
        yield from records


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _place(name: str) -> int:
    """The project's rule: the first 8 hex digits of the SHA-256, modulo 100."""
    return int(_digest(name)[:8], 16) % 100


def _split_at(place: float) -> str:
    if place < _TEST:
        return "test"
    return "validation" if place < _TEST + _VALIDATION else "train"
