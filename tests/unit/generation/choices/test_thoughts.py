"""Where words, clauses, sentences and lines end; `|` marks what was typed, `#` the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import StopAt
from cuebox.generation.choices.thoughts import thought_end, whole_words

SENTENCES = [
    "I would| like some tea.# Then",
    "I would| like some tea!# Then",
    "He asked,| why not?# She",
    'He said: "|Go away."# She left',
    "He said|: “Go away.”# She left",
    'She|, "Really?" he asked.# And then',
    "Call| Mr. Smith and Dr. J. Brown.# He",
    "Call Mr|. Smith at once.# He",
    "It costs| 3.5 euros at 10:30 p.m. sharp.# We",
    "It is 3|.5 euros.# We",
    "Birds,| e.g. ducks, swim.# Fish",
    "The| U.S. Army and J. R. R. Tolkien agreed.# So",
    "That was| me and I.# Then",
    "Well|... not really.# But",
    "Well|...# But",
    "Well|\u2026# But",
    "Go to| example.com or a.b.c now.# It",
    "The list:\n|1. First things first.# 2. Then",
    "We were| in 1990.# Then",
    "see| No. 5 and Fig. 2 (p. 7).# Now",
    "Great!| Thanks!!!# Bye",
    "A heading|\n\n",
    "A heading| without a stop#\n\nA paragraph",
    "A heading|\n\nA paragraph.# More",
    "今日は|いい天気です。#明日",
    "彼は|「行こう。」#と",
    "यह| घर है।# वह",
    "ماذا| تريد؟# أنا",
    "I like it|.# And",
    "(Not| this one.)# But",
]
CLAUSES = [
    "I would| like some tea,# but",
    "I would| like some tea.# Then",
    "I would|, I think,# like",
    "It was| 10,000 or 3.5;# no",
    "He came|\u2014and went,# then",
    "pages| 3\u20135 of it,# and",
    "今日は|、いい天気、#明日",
    'she said| "no,"# and',
    "It is| 10:30 now:# late",
]
WORDS = [
    "I would| like# some",
    "I would lik|e# some",
    "I would|, like# some",
    "I| don't# know",
    "I don|'t# know",
    "a well|-known# man",
    "it costs| 3.50# euros",
    "see| example.com# now",
    "He said|.# Then",
    "今日|は#いい",
    "a| naïve# idea",
    "the end|",
]
LINES = [
    "Dear| Sir or Madam,#\nI write",
    "Dear|\nSir or Madam,#\nI",
    "one| line only",
    "with| spaces#  \r\nand more",
]
CASES: list[tuple[StopAt, str]] = [
    *(("sentence", case) for case in SENTENCES),
    *(("clause", case) for case in CLAUSES),
    *(("word", case) for case in WORDS),
    *(("line", case) for case in LINES),
]


@pytest.mark.parametrize(("stop_at", "case"), CASES)
def test_a_thought_ends_where_a_reader_says(stop_at: StopAt, case: str) -> None:
    typed, answer = case.split("|")
    text = typed + answer.replace("#", "")
    expected = len(typed) + answer.index("#") if "#" in answer else None
    assert thought_end(text, len(typed), stop_at, final=False) == expected


@pytest.mark.parametrize(("stop_at", "case"), [case for case in CASES if "#" in case[1]])
def test_an_end_is_known_soon_and_never_taken_back(stop_at: StopAt, case: str) -> None:
    typed, answer = case.split("|")
    before, after = answer.split("#")
    text = typed + before + after
    ends = [
        thought_end(text[:length], len(typed), stop_at, final=False)
        for length in range(len(typed), len(text) + 1)
    ]
    known = [end for end in ends if end is not None]
    assert set(known) == {len(typed + before)}
    # Closing quotes and what follows the space after them have to be seen first.
    assert len(known) >= len(after) - 3


@pytest.mark.parametrize(
    ("stop_at", "text"), [("sentence", "So be it."), ("clause", "So,"), ("sentence", "好。")]
)
def test_the_end_of_the_text_ends_a_thought(stop_at: StopAt, text: str) -> None:
    assert thought_end(text, 1, stop_at, final=False) is None
    assert thought_end(text, 1, stop_at, final=True) == len(text)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("a cup of tea and", 12, 12),
        ("a cup of tea and", 14, 13),
        ("a cup of teapots", 12, 9),
        ("a cup of tea", 12, 9),
        ("a cup of tea.", 13, 13),
        ("I don't know", 5, 2),
        ("I don't know", 7, 7),
        ("I don'", 6, 2),
        ("It is 3.50 euros", 8, 6),
        ("a well-known man", 6, 2),
        ("a well-", 7, 2),
        ("word", 4, 0),
        ("今日は", 3, 3),
        ("cafe\u0301 noir", 4, 0),
        ("👩\u200d👧 x", 1, 0),
    ],
)
def test_no_word_is_cut(text: str, limit: int, expected: int) -> None:
    assert whole_words(text, 0, limit) == expected


@settings(deadline=None, max_examples=200)
@given(
    st.text(max_size=30),
    st.integers(0, 30),
    st.sampled_from(("word", "clause", "sentence", "line")),
)
def test_any_text_can_be_searched(text: str, start: int, stop_at: StopAt) -> None:
    start = min(start, len(text))
    for final in (False, True):
        end = thought_end(text, start, stop_at, final=final)
        assert end is None or start <= end <= len(text)
    assert start <= whole_words(text, start, len(text)) <= len(text)
