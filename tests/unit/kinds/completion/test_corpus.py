from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cuebox.core.errors import ConfigError, DataError
from cuebox.kinds.completion.corpus import Document, read_documents
from cuebox.kinds.completion.settings import (
    CorpusSettings,
    DataSettings,
    load_completion_settings,
    parse_completion_settings,
)

TURNS = [
    {"conversation": "a", "role": "user", "text": "Hi"},
    {"conversation": "a", "role": "agent", "text": "Hello"},
    {"conversation": "b", "role": "agent", "text": "Good day"},
]


def documents(folder: Path, rows: Any, **options: Any) -> list[Document]:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    settings = CorpusSettings(path="rows.jsonl", **options)
    data = DataSettings(corpora=[settings])
    return list(read_documents(settings, data, base=folder))


def test_neighbouring_turns_make_a_conversation(tmp_path: Path) -> None:
    found = documents(tmp_path, TURNS, content="conversations")
    assert [(one.id, [turn.role for turn in one.turns]) for one in found] == [
        ("a", ["user", "agent"]),
        ("b", ["agent"]),
    ]


def test_a_named_split_counts_and_a_missing_one_is_drawn_by_the_id(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"text {number}"} for number in range(400)]
    found = documents(tmp_path, [*rows, {"id": "x", "text": "t", "split": "dev"}])
    assert found[-1].split == "validation"
    shares = {
        name: sum(one.split == name for one in found) for name in ("train", "validation", "test")
    }
    assert 8 <= shares["test"] <= 36
    assert 8 <= shares["validation"] <= 36
    again = documents(tmp_path, reversed(rows))
    assert {one.id: one.split for one in again} == {one.id: one.split for one in found[:-1]}


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "tale.txt").write_text("Once upon a time.\n\nThe end.", encoding="utf-8")
    settings = CorpusSettings(path="tale.txt")
    [found] = read_documents(settings, DataSettings(corpora=[settings]), base=tmp_path)
    assert found.id == "tale.txt"
    assert found.turns[0].text.endswith("The end.")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**TURNS[0], "role": "robot"}], r"line 1: role is 'robot'"),
        ([TURNS[0], {**TURNS[1], "text": " "}], r"line 2: text is ' '"),
        ([TURNS[0], {"conversation": "a", "role": "agent"}], r"line 2: there is no column 'text'"),
        ([TURNS[0], TURNS[2], TURNS[1]], r"line 3: conversation 'a' was left before"),
        ([{**TURNS[0], "split": "holdout"}], r"line 1: split is 'holdout'"),
    ],
)
def test_a_row_that_does_not_fit_is_named(rows: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        documents(tmp_path, rows, content="conversations")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"data": {"corpora": []}}, "corpora"),
        ({"network": {"dim": 100}}, "multiple of 32"),
        ({"training": {"steps": 0}}, "never end"),
        ({"training": {"speed": 3}}, "no setting `speed`"),
        ({"tokenizer": {"vocabulary": 100}}, r"\$\.tokenizer\.vocabulary"),
        ({"name": "no spaces"}, "no spaces"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(tables: dict[str, Any], message: str) -> None:
    document = {"name": "m", "kind": "completion", "data": {"corpora": [{"path": "x.txt"}]}}
    with pytest.raises(ConfigError, match=message):
        parse_completion_settings(document | tables, source="m.toml")


def test_settings_of_the_starters_are_valid() -> None:
    folder = Path(__file__).parents[4] / "examples"
    for name in ("writer", "agent"):
        settings = load_completion_settings(folder / f"{name}.toml", {"training.minutes": "5"})
        assert settings.name == name
        assert settings.training.minutes == 5
