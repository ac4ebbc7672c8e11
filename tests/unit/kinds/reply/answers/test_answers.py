"""The answer list survives a spreadsheet, hostile cells and new conversations."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.merging import usable
from cuebox.kinds.reply.answers.review import merge_reviewed
from cuebox.kinds.reply.answers.table import COLUMNS, read_answers, write_answers

if TYPE_CHECKING:
    from pathlib import Path


def answer(text: str, count: int = 1, said: str = "") -> Answer:
    return Answer(id=answer_id(text), text=text, count=count, said=said or text)


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_list_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    answers = [
        Answer(
            id="a1",
            text='Hello {name}, "quoted",\nnew line',
            status="accepted",
            tags=("greeting", "first"),
            count=12,
            share=0.25,
            said="Hello Ann",
            examples=("Hi Ann", "Hey; Bob, you"),
            flags=("person",),
            note="keep; really",
        ),
        answer("Größe \N{SLICE OF PIZZA} 日本"),
    ]
    write_answers(path, answers)
    assert read_answers(path) == answers
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [item.name for item in tmp_path.iterdir()] == ["answers.csv"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "-2 degrees", "@user", "'=x", "''+", "\t=1", "\uff1d1", "'quoted'"]
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.csv"
    write_answers(path, [answer(text)])
    for cell in written(path)[1]:
        assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\uff1d"}
    assert read_answers(path)[0].text == text


cells = st.text(
    st.one_of(st.sampled_from("=+-@'\"\r\n\t,; {}"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=12,
).filter(str.strip)


@given(st.lists(cells, min_size=1, max_size=5, unique=True), cells)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_was_said_comes_back(tmp_path: Path, texts: list[str], note: str) -> None:
    path = tmp_path / "answers.csv"
    answers = [replace(answer(text), note=note) for text in texts]
    write_answers(path, answers)
    assert read_answers(path) == answers


def test_another_spreadsheet_saved_it(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(
        b"id;status;text;tags;count;share\r\n"
        b'x1;Accepted;"Hi; there\r\nyou";a, b;3;0,5\r\n'
        b";;Added by hand;;;\r\n"
    )
    first, added = read_answers(path)
    assert (first.status, first.tags, first.share) == ("accepted", ("a", "b"), 0.5)
    assert first.text == "Hi; there\r\nyou"
    assert (added.id, added.status) == (answer_id("Added by hand"), "accepted")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("id,text,status\na,x,maybe", "line 2, status: 'maybe'; use proposed, accepted, rejected"),
        ("id,text\na,x\nb, ", "line 3, text: it is blank"),
        ("id,text\na,x\na,y", "line 3, id: 'a' stands in line 2 already"),
        ("id,text,count\na,x,-1", "line 2, count: '-1'; a number from 0 is needed"),
        ("id,text,share\na,x,much", "line 2, share: 'much'"),
        ("id,status\na,accepted", "line 2, text: there is no such column"),
        ("id,text,Notes\na,x,y", "line 2, Notes: unknown column"),
        ("id,text\na,x,y", "line 2: 3 cells where 2 were expected"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(rows)
    with pytest.raises(DataError) as caught:
        read_answers(path)
    assert f"{path}, {message}" in caught.value.message


def test_no_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_answers(tmp_path / "none.csv")


def test_another_encoding_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes("id,text\na,Grüße\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"answers\.csv, line 2: not UTF-8; save the table as"):
        read_answers(path)


def test_decisions_survive_new_conversations() -> None:
    accepted = replace(answer("Hello, how can I help?"), status="accepted")
    rejected = replace(answer("Go away."), status="rejected")
    reworded = replace(answer("your order {order_id} is sent"), text="We sent {order_id}.")
    tagged = replace(answer("Goodbye"), tags=("end",))
    untouched = answer("Only once seen")
    new = [
        answer("Hello, how can I help?", 50),
        answer("Your order {order_id} is sent!", 40),
        answer("Something new", 30),
        answer("Goodbye", 20),
    ]
    merged = merge_reviewed([accepted, rejected, reworded, tagged, untouched], new)
    by_id = {one.id: one for one in merged}
    assert len(merged) == len(by_id) == 5
    assert (by_id[accepted.id].status, by_id[accepted.id].count) == ("accepted", 50)
    assert (by_id[reworded.id].text, by_id[reworded.id].count) == ("We sent {order_id}.", 40)
    assert (by_id[rejected.id].status, by_id[rejected.id].count) == ("rejected", 0)
    assert by_id[tagged.id].tags == ("end",)
    assert untouched.id not in by_id
    assert [one.text for one in usable(merged)].count("Go away.") == 0


def test_running_twice_changes_nothing() -> None:
    new = [answer("One two three", 3), answer("Four five six", 2)]
    old = [replace(new[0], text="One, two, three!", status="accepted"), new[1]]
    once = merge_reviewed(old, new)
    assert merge_reviewed(once, new) == once


def test_an_old_decision_serves_one_new_answer_only() -> None:
    old = [replace(answer("please wait a moment"), status="rejected")]
    merged = merge_reviewed(old, [answer("Please wait a moment."), answer("Please wait a moment!")])
    assert [one.status for one in merged] == ["rejected", "proposed"]


def test_columns_are_documented_order(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    write_answers(path, [answer("x")])
    assert tuple(written(path)[0]) == COLUMNS
