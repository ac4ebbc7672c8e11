from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.kinds.reply.ranking.drafts import FAR, encode, prefix_distances, read_draft
from cuebox.kinds.reply.ranking.likelihood import DraftModel
from cuebox.kinds.reply.slots.wordings import Wordings

TEXTS = ["Hello, how can I help?", "Thank you and goodbye.", "Is there anything else?"]


def edits(draft: str, text: str) -> int:
    """The fewest edits to any beginning, the plain way."""
    row = list(range(len(text) + 1))
    for number, typed in enumerate(draft, 1):
        new = [number]
        for place, wanted in enumerate(text, 1):
            new.append(min(row[place - 1] + (typed != wanted), row[place] + 1, new[-1] + 1))
        row = new
    return min(row)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 20])
def test_the_beginning_of_a_message_fits_it_and_no_other(length: int) -> None:
    for place, text in enumerate(TEXTS):
        distances = prefix_distances(read_draft(text[:length]).text, encode(TEXTS))
        assert np.flatnonzero(distances == 0).tolist() == [place]


@pytest.mark.parametrize("typed", ["thnak you", "Thankk you", "Thak you and", "THANK YOU AN"])
def test_a_slip_leaves_the_message_the_nearest(typed: str) -> None:
    distances = prefix_distances(read_draft(typed).text, encode(TEXTS))
    assert int(distances.argmin()) == 1
    assert distances[1] < FAR


@settings(deadline=None, max_examples=60)
@given(st.text("ab c", min_size=4, max_size=9), st.lists(st.text("ab c", max_size=14), min_size=1))
def test_distances_are_those_of_levenshtein(draft: str, texts: list[str]) -> None:
    bound = 1 if len(draft) < 8 else 2
    found = prefix_distances(draft, encode(texts)).tolist()
    expected = [edits(draft, text[: len(draft) + bound]) for text in texts]
    assert found == [one if one <= bound else FAR for one in expected]


@pytest.mark.parametrize(
    ("draft", "text", "meaning"),
    [
        ("", "", ""),
        ("   ", "", ""),
        ("Wha", "wha", ""),
        ("What is", "what is", "What"),
        ("What  is ", "what is ", "What is"),
        ("What is it?", "what is it?", "What is it?"),
        ("\tDo you\n", "do you ", "Do you"),
    ],
)
def test_a_draft_is_read_by_its_letters_and_by_its_whole_words(
    draft: str, text: str, meaning: str
) -> None:
    read = read_draft(draft)
    assert (read.text, read.meaning) == (text, meaning)


def test_answers_are_found_by_how_they_begin() -> None:
    wordings = Wordings(
        ["May I have your name?", "Maybe {day}?", "{message}", "Your {item} costs {{1}}", "So"]
    )
    assert sorted(wordings.beginning_with("may")) == [0, 1, 2]
    assert sorted(wordings.beginning_with("maybe monday")) == [1, 2]
    assert sorted(wordings.beginning_with("your ")) == [2, 3]
    assert sorted(wordings.beginning_with("x")) == [2]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=12), max_size=8), st.text(min_size=1, max_size=5))
def test_no_plain_answer_with_that_beginning_is_missed(texts: list[str], draft: str) -> None:
    from cuebox.kinds.reply.slots.templates import escape

    folded = [" ".join(text.split()).casefold() for text in texts]
    found = set(Wordings([escape(text) for text in texts]).beginning_with(draft.casefold()))
    assert {
        place for place, text in enumerate(folded) if text.startswith(draft.casefold())
    } <= found


def test_more_letters_that_fit_make_an_answer_surer() -> None:
    model = DraftModel()
    similarity = np.zeros(2, np.float32)
    distances = np.array([0, FAR], np.int32)
    odds = [
        np.diff(model.answers(distances, similarity, length=length, words=0))[0]
        for length in (1, 3, 9)
    ]
    assert odds[0] > odds[1] > odds[2]
