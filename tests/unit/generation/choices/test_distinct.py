"""Which answers say the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.choices.distinct import alike, may_meet, same_start


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e to buy", "E to  buy!"),
        (" a cup of tea.", " the cup of tea"),
        ("r you?", "r you"),
        ("Thank you and goodbye.", "Thank you, goodbye!"),
        ("I don't know", "I don\u2019t know"),
        ("that I can do for you", "that I can do do for you"),
        ("happy to accommodate you", "happy to accomodate you"),
        ("two towers today", "two tower, today"),
        ("...", " ..."),
        ("", " "),
    ],
)
def test_repetitions(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the request was successful", "the request was not successful"),
        ("on the right", "on the left"),
        ("at 5 pm", "at 6 pm"),
        ("flight A1234", "flight A1235"),
        ("a cup of tea", "a cup of coffee"),
        ("a cup of tea", "a cup of tea with milk"),
        ("I can", "I can't"),
        ("tea", "pea"),
        ("!", "?"),
        (" the", " a"),
        ("coffees", "coffee"),
    ],
)
def test_other_answers(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("e to", " E to", True),
        (" the", " The", True),
        ("ade.", "ade!", True),
        ("ade", "ade.", False),
        (" ", "\n", False),
        (",", ".", False),
        ("e", "e to", False),
    ],
)
def test_beginnings(one: str, other: str, same: bool) -> None:
    assert same_start(one, other) is same
    assert same_start(other, one) is same


@settings(deadline=None, max_examples=200)
@given(*[st.text(alphabet="ab .B", max_size=6)] * 4, st.booleans(), st.booleans())
def test_texts_that_cannot_meet_never_repeat_each_other_in_letters(
    one: str, other: str, more: str, further: str, one_done: bool, other_done: bool
) -> None:
    if not may_meet(one, other, early_done=one_done, late_done=other_done):
        whole = one if one_done else one + more
        also = other if other_done else other + further
        assert whole.casefold().split() != also.casefold().split()


@settings(deadline=None, max_examples=100)
@given(*[st.text(max_size=20)] * 2)
def test_alike_is_mutual_and_holds_of_a_text_itself(one: str, other: str) -> None:
    assert alike(one, one)
    assert alike(one, other) == alike(other, one)
