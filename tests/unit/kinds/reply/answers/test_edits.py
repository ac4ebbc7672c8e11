"""A reviewer's edits meet a list that others changed meanwhile."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cuebox.core.answers import AnswerEdits, NewAnswer
from cuebox.core.errors import Conflict, InvalidRequest
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.edits import apply_edits

LIST = [
    Answer(id="a", text="Hello", tags=("hi",), count=5),
    Answer(id="b", text="Good bye", status="rejected", note="rude"),
    Answer(id="c", text="Hi there", count=2),
]


def edited(
    *edits: dict[str, Any], add: Any = (), unchanged: bool = False
) -> tuple[list[Answer], list[str]]:
    batch = msgspec.convert({"edits": list(edits), "add": list(add)}, AnswerEdits)
    return apply_edits(LIST, batch, unchanged=unchanged)


def edit(identity: str, new: dict[str, Any], was: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": identity, "set": new, "was": was or {}}


def test_every_field_is_set_and_all_else_stays() -> None:
    after, named = edited(
        edit(
            "a",
            {"status": "accepted", "text": "Hello!", "tags": ["hi", "first"], "note": "ok"},
            {"status": "proposed", "text": "Hello", "tags": ["hi"], "note": ""},
        ),
        edit("c", {"merged_into": "a"}, {"merged_into": ""}),
    )
    assert named == ["a", "c"]
    assert after == [
        Answer(id="a", text="Hello!", status="accepted", tags=("hi", "first"), count=5, note="ok"),
        LIST[1],
        Answer(id="c", text="Hi there", count=2, merged_into="a"),
    ]


def test_sent_again_it_changes_nothing() -> None:
    again = edit("b", {"status": "rejected"}, {"status": "proposed"})
    assert edited(again) == (LIST, ["b"])


def test_another_field_that_someone_changed_is_no_conflict() -> None:
    after, _ = edited(edit("b", {"tags": ["end"]}, {"tags": []}))
    assert (after[1].status, after[1].tags, after[1].note) == ("rejected", ("end",), "rude")


def test_the_same_field_is_a_conflict_that_says_what_is_there() -> None:
    good = edit("a", {"status": "accepted"}, {"status": "proposed"})
    bad = edit("b", {"status": "accepted"}, {"status": "proposed"})
    with pytest.raises(Conflict) as caught:
        edited(good, bad)
    assert caught.value.message == (
        "someone else changed answer b: its status is 'rejected' now, not 'proposed'"
    )
    assert caught.value.param == "edits[1].set.status"


def test_without_was_the_list_must_be_the_one_that_was_seen() -> None:
    blind = edit("a", {"note": "x"})
    assert edited(blind, unchanged=True)[0][0].note == "x"
    with pytest.raises(InvalidRequest, match="give the value of note that you saw") as caught:
        edited(blind)
    assert caught.value.param == "edits[0].was.note"


def test_two_edits_of_one_answer_follow_one_another() -> None:
    after, named = edited(
        edit("a", {"status": "accepted"}, {"status": "proposed"}),
        edit("a", {"status": "rejected"}, {"status": "accepted"}),
    )
    assert (after[0].status, named) == ("rejected", ["a"])


@pytest.mark.parametrize(
    ("identity", "new", "param"),
    [
        ("z", {"status": "accepted"}, "edits[0].id"),
        ("a", {"merged_into": "z"}, "edits[0].set.merged_into"),
        ("a", {"merged_into": "a"}, "edits[0].set.merged_into"),
    ],
)
def test_what_is_not_there_is_a_conflict(identity: str, new: dict[str, Any], param: str) -> None:
    with pytest.raises(Conflict) as caught:
        edited(edit(identity, new), unchanged=True)
    assert caught.value.param == param


def test_what_stands_in_a_list_may_be_longer_than_what_is_written_here() -> None:
    there = Answer(id="a", text="x" * 20_000, tags=("y" * 200,))
    edits = [edit("a", {"text": "short", "tags": []}, {"text": there.text, "tags": [*there.tags]})]
    after, _ = apply_edits([there], msgspec.convert({"edits": edits}, AnswerEdits), unchanged=False)
    assert (after[0].text, after[0].tags) == ("short", ())


def test_a_circle_of_merges_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="is itself merged into"):
        edited(edit("a", {"merged_into": "c"}), edit("c", {"merged_into": "a"}), unchanged=True)


@pytest.mark.parametrize(
    ("new", "param"),
    [
        ({"text": " \n"}, "edits[0].set.text"),
        ({"tags": ["one", "two, three"]}, "edits[0].set.tags[1]"),
        ({"tags": ["a;b"]}, "edits[0].set.tags[0]"),
    ],
)
def test_values_that_the_table_cannot_hold(new: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        edited(edit("a", new), unchanged=True)
    assert caught.value.param == param


def test_tags_are_folded_and_each_there_once() -> None:
    after, _ = edited(edit("a", {"tags": [" to  do ", "to do", "", "hi"]}), unchanged=True)
    assert after[0].tags == ("to do", "hi")


def test_an_added_answer_is_at_the_end_and_may_be_edited_at_once() -> None:
    after, named = edited(
        edit("n1", {"tags": ["new"]}, {"tags": []}),
        edit("c", {"merged_into": "n1"}, {"merged_into": ""}),
        add=[{"id": "n1", "text": "You are welcome"}],
    )
    assert named == ["n1", "c"]
    assert after[3] == Answer(id="n1", text="You are welcome", status="accepted", tags=("new",))
    assert after[2].merged_into == "n1"


def test_an_addition_may_be_sent_again() -> None:
    assert edited(add=[{"id": "a", "text": "Whatever it was"}]) == (LIST, ["a"])
    identity = answer_id("Fine")
    after, _ = edited(add=[{"text": "Fine"}, {"text": "Fine"}])
    assert after[3:] == [Answer(id=identity, text="Fine", status="accepted")]


def test_an_addition_that_was_reworded_since_is_a_conflict() -> None:
    there = Answer(id=answer_id("Fine"), text="Very fine")
    batch = AnswerEdits(add=[NewAnswer(text="Fine")])
    with pytest.raises(Conflict, match="says 'Very fine' now; give the new one an id") as caught:
        apply_edits([there], batch, unchanged=True)
    assert caught.value.param == "add[0].text"
