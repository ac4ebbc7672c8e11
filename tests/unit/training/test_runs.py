from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.core.errors import DataError
from cuebox.training.runs import open_run

if TYPE_CHECKING:
    from pathlib import Path


class Row(msgspec.Struct):
    score: float


def test_an_interrupted_run_is_carried_on(tmp_path: Path) -> None:
    first = open_run(tmp_path, "intents", ["a", "b"])
    first.append("search.jsonl", Row(0.5))
    again = open_run(tmp_path, "intents", ["a", "b"])
    assert again.resumed
    assert again.folder == first.folder
    assert again.rows("search.jsonl", Row) == [Row(0.5)]


def test_other_data_a_finished_run_or_no_wish_to_resume_start_afresh(tmp_path: Path) -> None:
    first = open_run(tmp_path, "intents", ["a", "b"])
    assert open_run(tmp_path, "intents", ["a", "c"]).folder != first.folder
    assert open_run(tmp_path, "intents", ["a", "b"], resume=False).folder != first.folder
    for _ in range(2):
        open_run(tmp_path, "intents", ["a", "b"]).finish()
    assert not open_run(tmp_path, "intents", ["a", "b"]).resumed


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    run = open_run(tmp_path, "intents", ["a"])
    run.append("search.jsonl", Row(0.5))
    with (run.folder / "search.jsonl").open("ab") as file:
        file.write(b'{"sco')
    assert run.rows("search.jsonl", Row) == [Row(0.5)]


def test_a_damaged_table_is_said_so(tmp_path: Path) -> None:
    run = open_run(tmp_path, "intents", ["a"])
    run.write("search.jsonl", "what\n")
    with pytest.raises(DataError, match=r"search\.jsonl"):
        run.rows("search.jsonl", Row)


def test_files_are_written_whole(tmp_path: Path) -> None:
    run = open_run(tmp_path, "intents", ["a"])
    path = run.write_json("deep/table.json", {"a": 1})
    assert msgspec.json.decode(path.read_bytes()) == {"a": 1}
    assert [one.name for one in path.parent.iterdir()] == ["table.json"]
