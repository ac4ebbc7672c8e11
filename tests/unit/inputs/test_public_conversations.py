"""The readers of whole conversations in `examples/`: what an agent saw, and nothing else."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
DATA = EXAMPLES.parents[1] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public data sets are not here")

sys.path.insert(0, str(EXAMPLES))

from public_conversations import (  # noqa: E402
    star_conversations,
    star_conversations_by_task,
    taskmaster_conversations,
)


def event(agent: str, action: str, time: int | None = None, **fields: Any) -> dict[str, Any]:
    known = {} if time is None else {"UnixTime": time}
    return {"Agent": agent, "Action": action, **known, **fields}


EVENTS = [
    event("UserGuide", "instruct", 1, Text="Pretend to be confused."),
    event("User", "utter", 2, Text="  Hello\nthere "),
    event("Wizard", "request_suggestions", 3, Text="wich"),
    event("Wizard", "request_suggestions", 4, Text="which hot"),
    event("Wizard", "pick_suggestion", 5, Text="Which hotel?", ActionLabelOptions=["secret"]),
    event("User", "utter", 6, Text="Hilton"),
    event("Wizard", "request_suggestions", 7, Text="forgotten"),
    event("User", "utter", 8, Text="please"),
    event(
        "Wizard",
        "query",
        9,
        APIName="hotel_search",
        Constraints=[
            {"Name": 'api.is_equal_to("Hilton")'},
            {"Cost": '"Cheap"'},
            {"Rating": "api.is_at_least(3)"},
            {"PIN": "12"},
        ],
    ),
    event(
        "KnowledgeBase",
        "return_item",
        APIName="hotel_search",
        Item={"APIName": "hotel_search", "Name": "Hilton Hotel", "Days": ["Mon"], "Pool": False},
        TotalItems=4,
    ),
    event("Wizard", "utter", 10, Text="Found it", PrimaryItem={"Name": "secret"}),
    event("User", "utter", 11, Text="   "),
]


def dialogue(number: int, worker: str, tasks: list[str], events: list[Any]) -> dict[str, Any]:
    return {
        "DialogueID": number,
        "AnonymizedWizardWorkerID": worker,
        "Events": events,
        "Scenario": {
            "MultiTask": len(tasks) > 1,
            "UserTask": "secret",
            "WizardCapabilities": [{"Task": task} for task in tasks],
        },
    }


def write(folder: Path, dialogues: list[dict[str, Any]]) -> Path:
    (folder / "star").mkdir()
    with gzip.open(folder / "star" / "dialogues.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in dialogues)
    return folder


def test_a_star_dialogue_is_what_the_agent_saw(tmp_path: Path) -> None:
    silent = dialogue(2, "w", ["hotel_search"], EVENTS[:2])
    raw = write(tmp_path, [dialogue(1, "w", ["hotel_search"], EVENTS), silent])
    turns = list(star_conversations(raw))
    assert {turn["conversation"] for turn in turns} == {"star/1"}
    assert [(turn["role"], turn["text"], turn["time"]) for turn in turns] == [
        ("user", "Hello there", 2),
        ("agent", "Which hotel?", 5),
        ("user", "Hilton", 6),
        ("user", "please", 8),
        ("tool", "hotel_search", 9),
        ("agent", "Found it", 10),
    ]
    _, picked, *_, tool, free = turns
    assert (picked["turn_kind"], picked["draft"]) == ("picked", "which hot")
    assert (free["turn_kind"], free.get("draft")) == ("free", None)
    assert (free["agent"], free["task"]) == ("w", "hotel_search")
    assert tool["facts"] == {
        "Name": "Hilton Hotel",
        "Days": ["Mon"],
        "Pool": False,
        "TotalItems": 4,
        "Cost": "Cheap",
        "PIN": 12,
    }
    assert "secret" not in json.dumps(turns)


def test_tasks_are_held_out_whole(tmp_path: Path) -> None:
    tasks = [f"task{number}" for number in range(20)]
    dialogues = [dialogue(number, "w", [task], EVENTS) for number, task in enumerate(tasks * 3)] + [
        dialogue(900, "w", tasks, EVENTS)
    ]
    splits: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for turn in star_conversations_by_task(write(tmp_path, dialogues)):
        assert turn["conversation"] != "star/900"
        if turn["role"] == "agent":
            splits.setdefault(turn["task"], set()).add(turn["split"])
            sizes[turn["split"]] = sizes.get(turn["split"], 0) + 1
    assert all(len(found) == 1 for found in splits.values())
    assert sizes == {"test": 18, "validation": 12, "train": 90}


@needs_data
def test_star_agents_are_in_one_split() -> None:
    splits: dict[str, set[str]] = {}
    picked = 0
    for turn in star_conversations(DATA):
        assert turn["text"] == " ".join(turn["text"].split())
        if turn["role"] == "agent":
            splits.setdefault(turn["agent"], set()).add(turn["split"])
            picked += turn["turn_kind"] == "picked"
    assert all(len(found) == 1 for found in splits.values())
    assert picked == 36_634


@needs_data
def test_taskmaster_has_lookups() -> None:
    turns = list(taskmaster_conversations(DATA))
    roles = {turn["role"] for turn in turns}
    assert roles == {"user", "agent", "tool"}
    assert all(isinstance(turn["facts"], dict) for turn in turns if turn["role"] == "tool")
    assert len({turn["conversation"] for turn in turns}) == 3_710
