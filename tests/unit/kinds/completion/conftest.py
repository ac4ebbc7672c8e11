"""A corpus small enough to be learnt in seconds, and the settings to learn it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.kinds.completion.settings import CompletionSettings, parse_completion_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORDS = ("the", "cat", "dog", "sat", "ran", "on", "under", "a", "mat", "house", "and", "then")


def sentences(count: int, seed: int) -> str:
    draw = random.Random(seed)
    return " ".join(
        " ".join(draw.choices(WORDS, k=draw.randint(3, 9))).capitalize() + "." for _ in range(count)
    )


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with `texts.jsonl`: thirty short texts, three validation and three test."""
    rows = [
        {
            "id": f"text-{number}",
            "text": sentences(20, number),
            "split": {0: "validation", 1: "test"}.get(number % 10, "train"),
        }
        for number in range(30)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "texts.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.fixture
def conversations(tmp_path: Path) -> Path:
    """A folder with `turns.jsonl`: an agent who always answers by what was asked."""
    draw = random.Random(5)
    lines = []
    for number in range(40):
        thing = draw.choice(WORDS)
        split = {0: "validation", 1: "test"}.get(number % 10, "train")
        for role, text in (("user", f"Where is {thing}?"), ("agent", f"Look for the {thing}.")):
            row = {"conversation": f"c{number}", "role": role, "text": text, "split": split}
            lines.append(json.dumps(row) + "\n")
    (tmp_path / "turns.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path


@pytest.fixture
def make_settings() -> Callable[..., CompletionSettings]:
    """Settings of a network of a few thousand weights; tables given are merged in."""

    def make(path: str = "texts.jsonl", **tables: Any) -> CompletionSettings:
        content = "conversations" if "turns" in path else "text"
        document: dict[str, Any] = {
            "name": "tiny",
            "kind": "completion",
            "data": {"corpora": [{"path": path, "content": content}]},
            "tokenizer": {"vocabulary": 300},
            "network": {"dim": 32, "layers": 1, "heads": 1, "inner": 64, "context": 32},
            "training": {
                "steps": 12,
                "batch": 4,
                "warmup": 2,
                "evaluate_every": 4,
                "checkpoint_every": 4,
                "evaluate_windows": 4,
                "precision": "fp32",
                "threads": 1,
            },
            "evaluation": {"positions": 12, "words": 2, "ngram": 3},
        }
        for name, table in tables.items():
            if isinstance(table, dict):
                document[name] = document.get(name, {}) | table
            else:
                document[name] = table
        return parse_completion_settings(document, source="test.toml")

    return make
