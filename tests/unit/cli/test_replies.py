"""`cuebox replies extract`, as typed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.cli.main import run
from cuebox.core.manifest import EncoderSpec, Manifest
from cuebox.kinds.reply.answers.extract import Extraction, extract_answers
from cuebox.kinds.reply.answers.table import read_answers, write_answers
from cuebox.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str]]

TINY = Path(__file__).parents[2] / "data" / "tiny_encoder"
CONFIG = """
encoder = "tiny"
min_count = 2
[data]
path = "chats.jsonl"
"""


@pytest.fixture
def cuebox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    store = open_store()
    spec = msgspec.json.decode((TINY / "spec.json").read_bytes(), type=EncoderSpec)
    files = {
        "encoder/model.onnx": store.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": store.put_file(TINY / "tokenizer.json"),
    }
    store.publish(Manifest(kind="encoder", name="tiny", files=files, encoder=spec))
    with Path("chats.jsonl").open("w") as file:
        for number in range(6):
            for role, text in (("user", "hi"), ("agent", "Hello!"), ("agent", "Good bye now.")):
                row = {"conversation": number, "role": role, "text": text, "split": "train"}
                file.write(json.dumps(row) + "\n")
    Path("answers.toml").write_text(CONFIG)

    def call(*arguments: str) -> tuple[int, str]:
        status = run(arguments)
        return status, capsys.readouterr().err

    return call


def test_a_list_and_a_page_are_made_and_decisions_stay(cuebox: Run) -> None:
    status, said = cuebox("replies", "extract", "answers.toml", "--out", "list.csv")
    assert status == 0, said
    assert "2 answers cover 100.0% of 12 agents' messages" in said
    assert Path("list.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    table = Path("list.csv").read_text(encoding="utf-8-sig")
    assert "Hello!" in table
    Path("list.csv").write_text(table.replace("proposed,Hello!", "rejected,Hello!"))

    status, said = cuebox("replies", "extract", "answers.toml", "--out", "list.csv")
    assert status == 0, said
    assert "decisions kept: 1" in said
    assert "rejected,Hello!" in Path("list.csv").read_text(encoding="utf-8-sig")


def test_what_is_decided_while_it_runs_stays(cuebox: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cuebox("replies", "extract", "answers.toml", "--out", "list.csv")[0] == 0

    def slow(*arguments: Any) -> Extraction:
        found = extract_answers(*arguments)
        (hello, bye) = read_answers(Path("list.csv"))
        merged = [replace(hello, status="accepted"), replace(bye, merged_into=hello.id)]
        write_answers(Path("list.csv"), merged)
        return found

    monkeypatch.setattr("cuebox.kinds.reply.answers.extract.extract_answers", slow)
    assert cuebox("replies", "extract", "answers.toml", "--out", "list.csv")[0] == 0
    hello, bye = read_answers(Path("list.csv"))
    assert (hello.status, hello.merged_into, hello.count) == ("accepted", "", 6)
    assert (bye.status, bye.merged_into, bye.count) == ("proposed", hello.id, 6)


def test_a_mistake_is_one_clear_line_and_writes_nothing(cuebox: Run) -> None:
    status, said = cuebox(
        "replies", "extract", "answers.toml", "--out", "x.csv", "--set", "mincount=1"
    )
    assert status == 2
    assert "mincount" in said
    status, said = cuebox(
        "replies", "extract", "answers.toml", "--out", "x.csv", "--set", "min_count=50"
    )
    assert status == 2
    assert "lower `min_count`" in said
    status, said = cuebox("replies", "extract", "answers.toml", "--out", "no/x.csv")
    assert status == 2
    assert "no/x.csv: there is no folder no" in said
    Path("x.csv").write_text("id,text,status\na,b,perhaps\n")
    status, said = cuebox("replies", "extract", "answers.toml", "--out", "x.csv")
    assert status == 2
    assert "x.csv, line 2, status: 'perhaps'" in said
    assert not Path("x.html").exists()
