"""What merging answers means for training and for the next extraction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cuebox.core.conversation import Turn
from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.merging import merge_roots, usable
from cuebox.kinds.reply.answers.recognise import Recogniser
from cuebox.kinds.reply.answers.review import merge_reviewed
from cuebox.kinds.reply.answers.table import read_answers, write_answers

if TYPE_CHECKING:
    from pathlib import Path

ASK = Answer(
    id="ask", text="Your name, please?", count=40, share=0.4, said="Your name, please?",
    examples=("Name please?",),
)  # fmt: skip
MAY = Answer(
    id="may", text="May I have the name for {id}?", count=30, share=0.3,
    said="May I have the name for 7?", examples=("Name please?", "And your name?"),
    merged_into="ask",
)  # fmt: skip
TELL = Answer(id="tell", text="Tell me your name.", count=2, share=0.02, merged_into="may")


def test_the_answer_that_stays_has_all_counts_examples_and_wordings() -> None:
    (only,) = usable([TELL, ASK, MAY])
    assert (only.id, only.text, only.count, only.said) == (
        "ask", "Your name, please?", 72, "Your name, please?",
    )  # fmt: skip
    assert only.share == pytest.approx(0.72)
    assert only.examples == ("Name please?", "May I have the name for 7?", "And your name?")
    assert only.wordings == ("Tell me your name.", "May I have the name for {id}?")


def test_what_is_merged_into_a_rejected_answer_is_offered_no_more() -> None:
    assert usable([replace(ASK, status="rejected"), MAY, TELL]) == []


def test_a_rejected_answer_still_speaks_for_the_one_it_is_merged_into() -> None:
    (only,) = usable([ASK, replace(MAY, status="rejected")])
    assert only.count == 70


def test_past_messages_of_merged_answers_are_the_answer_that_stays() -> None:
    recogniser = Recogniser(usable([ASK, MAY, TELL]))
    turns = [Turn(role="user", text="My booking is 815", facts={"id": "815"})]
    assert recogniser.answer("Tell me your name.", turns) == "ask"
    assert recogniser.answer("May I have the name for 815?", turns) == "ask"
    assert recogniser.answer("And your name?", turns) == "ask"
    assert recogniser.answer("Your shoe size?", turns) is None


def test_chains_end_at_their_root_however_long() -> None:
    chain = [Answer(id=str(n), text="x", merged_into=str(n + 1)) for n in range(5000)]
    roots = merge_roots([*chain, Answer(id="5000", text="x")])
    assert set(roots.values()) == {"5000"}
    assert len(roots) == 5000


def test_merges_survive_new_conversations() -> None:
    def said(text: str, count: int) -> Answer:
        return Answer(id=answer_id(text), text=text, count=count, said=text)

    kept, merged = said("Wait a moment.", 9), said("One second please.", 5)
    old = [kept, replace(merged, merged_into=kept.id)]
    after = merge_reviewed(old, [said("One second please.", 50), said("Something else", 3)])
    assert [(one.id, one.count, one.merged_into) for one in after] == [
        (merged.id, 50, kept.id),
        (answer_id("Something else"), 3, ""),
        (kept.id, 0, ""),
    ]
    assert {one.id: one.count for one in usable(after)} == {
        answer_id("Something else"): 3,
        kept.id: 50,
    }


def test_the_table_holds_merges(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    write_answers(path, [ASK, MAY, TELL])
    assert read_answers(path) == [ASK, MAY, TELL]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,x,z", "line 2, merged_into: there is no answer 'z'"),
        ("a,x,a", "line 2, merged_into: 'a' is itself merged into 'a'"),
        ("a,x,\nb,y,c\nc,z,b", "line 4, merged_into: 'b' is itself merged into 'c'"),
    ],
)
def test_a_merge_that_cannot_be_is_named(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(f"id,text,merged_into\n{rows}\n")
    with pytest.raises(DataError) as caught:
        read_answers(path)
    assert caught.value.message == f"{path}, {message}"
