"""Conversations from files: formats, columns, splits, and errors that name the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError
from cuebox.kinds.reply.conversations.facts import flat_facts
from cuebox.kinds.reply.conversations.reading import Conversation, read_conversations
from cuebox.kinds.reply.conversations.source import ConversationSource

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [
    {"conversation": "a", "role": "user", "text": "hi", "time": 1.5, "split": "test"},
    {
        "conversation": "a",
        "role": "tool",
        "text": "orders",
        "split": "test",
        "facts": {"id": 7, "ok": True, "items": [{"name": "tea"}, {"name": "cup"}]},
    },
    {
        "conversation": "a",
        "role": "agent",
        "text": "7 it is",
        "split": "test",
        "agent": "w1",
        "task": "orders",
        "turn_kind": "picked",
        "draft": "sev",
    },
    {"conversation": "b", "role": "agent", "text": "hello", "split": "dev"},
]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> ConversationSource:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ConversationSource(path=path.name)


def read(source: ConversationSource, folder: Path) -> list[Conversation]:
    return list(read_conversations(source, base=folder))


def check(found: list[Conversation]) -> None:
    assert [(one.id, one.split, len(one.turns)) for one in found] == [
        ("a", "test", 3),
        ("b", "validation", 1),
    ]
    user, tool, agent = found[0].turns
    assert user.turn == Turn(role="user", text="hi", time=1.5)
    assert tool.turn.facts == {"id": 7, "ok": True, "items_1_name": "tea", "items_2_name": "cup"}
    assert (agent.agent, agent.task, agent.turn_kind, agent.draft) == (
        "w1",
        "orders",
        "picked",
        "sev",
    )


def test_json_lines(tmp_path: Path) -> None:
    check(read(write_lines(tmp_path / "c.jsonl", ROWS), tmp_path))


def test_csv(tmp_path: Path) -> None:
    import csv

    columns = sorted({column for row in ROWS for column in row})
    with (tmp_path / "c.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in ROWS:
            facts = row.get("facts")
            writer.writerow(row | {"facts": json.dumps(facts) if facts else ""})
    check(read(ConversationSource(path="c.csv"), tmp_path))


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [row | {"facts": json.dumps(row["facts"])} if "facts" in row else row for row in ROWS]
    columns = sorted({column for row in rows for column in row})
    table = pyarrow.table({name: [row.get(name) for row in rows] for name in columns})
    parquet.write_table(table, tmp_path / "c.parquet")
    check(read(ConversationSource(path="c.parquet"), tmp_path))


def test_columns_and_roles_can_be_named(tmp_path: Path) -> None:
    rows = [
        {"chat": 1, "who": "customer", "said": "hi", "at": "2026-11-21T10:00:00+01:00"},
        {"chat": 1, "who": "us", "said": "hello", "at": "2026-11-21 09:00:30"},
    ]
    write_lines(tmp_path / "c.jsonl", rows)
    source = ConversationSource(
        path="c.jsonl",
        conversation="chat",
        role="who",
        text="said",
        time="at",
        roles={"customer": "user", "us": "agent"},
    )
    (found,) = read(source, tmp_path)
    assert [spoken.turn.role for spoken in found.turns] == ["user", "agent"]
    first, second = (spoken.turn.time for spoken in found.turns)
    assert first is not None
    assert second == first + 30


def test_splits_are_drawn_by_what_is_held_out_whole(tmp_path: Path) -> None:
    rows = [
        {"conversation": f"c{number}", "role": "agent", "text": "x", "agent": f"w{number % 20}"}
        for number in range(400)
    ]
    write_lines(tmp_path / "c.jsonl", rows)
    by_agent = read(ConversationSource(path="c.jsonl", split_by="agent"), tmp_path)
    splits: dict[str | None, set[str]] = {}
    for one in by_agent:
        splits.setdefault(one.turns[0].agent, set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())
    alone = read(ConversationSource(path="c.jsonl", test=0.2, validation=0), tmp_path)
    assert 40 < sum(one.split == "test" for one in alone) < 120
    assert all(one.split != "validation" for one in alone)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role": "boss"}, "line 2, role: 'boss' is none of agent, tool, user; say in `roles`"),
        ({"text": ""}, "line 2, text: the agent's turn is blank"),
        ({"text": 7}, "line 2, text: 7; a text is needed"),
        ({"time": "soon"}, "line 2, time: 'soon' is neither Unix seconds nor like"),
        ({"time": float("inf")}, "line 2"),
        ({"turn_kind": "copied"}, "line 2, turn_kind: 'copied'; use 'picked' or 'free'"),
        ({"facts": {"a": 1}}, "line 2, facts: only tool turns have facts"),
        ({"role": "tool", "facts": "{"}, "line 2, facts: not JSON"),
        ({"role": "tool", "facts": [1]}, "line 2, facts: [1]; an object is needed"),
        ({"split": "exam"}, "line 1, split: 'exam'; use one of train"),
        ({"conversation": None}, "line 2, conversation: it is null"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    row = {"conversation": "a", "role": "agent", "text": "x"}
    first = row | ({"split": change["split"]} if "split" in change else {})
    source = write_lines(tmp_path / "c.jsonl", [first, row | change])
    with pytest.raises(DataError) as caught:
        read(source, tmp_path)
    assert message in caught.value.message
    assert "c.jsonl" in caught.value.message


def test_rows_of_a_conversation_stand_together_and_agree(tmp_path: Path) -> None:
    row = {"role": "agent", "text": "x"}
    apart = [row | {"conversation": name} for name in ("a", "b", "a")]
    with pytest.raises(DataError, match="line 3, conversation: conversation 'a' was left before"):
        read(write_lines(tmp_path / "c.jsonl", apart), tmp_path)
    torn = [row | {"conversation": "a", "split": split} for split in ("train", "test")]
    with pytest.raises(DataError, match="line 2, split: another split"):
        read(write_lines(tmp_path / "c.jsonl", torn), tmp_path)


def test_a_column_that_no_row_has_is_noticed(tmp_path: Path) -> None:
    write_lines(tmp_path / "c.jsonl", ROWS)
    with pytest.raises(DataError, match="no row has the column 'kind' that `turn_kind` names"):
        read(ConversationSource(path="c.jsonl", turn_kind="kind"), tmp_path)
    with pytest.raises(DataError, match="said: there is no such column"):
        read(ConversationSource(path="c.jsonl", text="said"), tmp_path)


def test_settings_leave_something_to_train_on() -> None:
    with pytest.raises(msgspec.ValidationError, match="leave nothing to train on"):
        msgspec.convert({"path": "x", "test": 0.6, "validation": 0.4}, ConversationSource)


def test_nested_facts_become_one_level() -> None:
    nested = {"a": {"b": [1, {"c": None}]}, "d": "x"}
    assert flat_facts(nested) == {"a_b_1": 1, "a_b_2_c": None, "d": "x"}
