"""What counts as a word in the scripts of the world, and how neighbours are joined."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuebox.serving.words import Span, find_words, join_neighbours


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("my card, hasn't arrived - yet!", ["my", "card", "hasn't", "arrived", "yet"]),
        ("mail a@b.com: 3.50 well-known", ["mail", "a@b.com", "3.50", "well-known"]),
        ("我的卡。没到…", ["我", "的", "卡", "没", "到"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שלום, מה שלומך?", ["שלום", "מה", "שלומך"]),
        ("cafe\u0301 \u0301x", ["cafe\u0301", "\u0301x"]),
        ("so 😡👍🏽 ok", ["so", "😡", "👍🏽", "ok"]),
        ("👨\u200d👩\u200d👧 🇩🇪🇫🇷 3\ufe0f\u20e3", ["👨\u200d👩\u200d👧", "🇩🇪", "🇫🇷", "3\ufe0f\u20e3"]),
        ("🏴\U000e0067\U000e0062\U000e007f!", ["🏴\U000e0067\U000e0062\U000e007f"]),
        ("?! ... \n\t \u200b", []),
        ("", []),
    ],
)  # fmt: skip
def test_words(text: str, words: list[str]) -> None:
    assert [text[word.start : word.end] for word in find_words(text)] == words


@given(st.text())
def test_words_lie_in_order_and_without_white_space_at_their_ends(text: str) -> None:
    words = list(find_words(text))
    assert all(before.end <= after.start for before, after in pairwise(words))
    for word in words:
        found = text[word.start : word.end]
        assert found
        assert found == found.strip()


@given(st.text(alphabet="ab 我😡.'", min_size=1))
def test_every_letter_is_in_a_word(text: str) -> None:
    held = {place for word in find_words(text) for place in range(word.start, word.end)}
    assert {place for place, char in enumerate(text) if char in "ab我😡"} <= held


def spans(count: int) -> list[Span]:
    return [Span(10 * number, 10 * number + 5) for number in range(count)]


def test_few_words_stay_apart() -> None:
    assert join_neighbours(spans(3), 3) == [Span(0, 5), Span(10, 15), Span(20, 25)]


def test_many_words_are_joined_evenly() -> None:
    assert join_neighbours(spans(5), 2) == [Span(0, 15), Span(20, 45)]
    joined = join_neighbours(spans(1000), 64)
    assert len(joined) == 64
    assert joined[-1].end == 9995
    widths = {(span.end - span.start + 5) // 10 for span in joined}
    assert widths == {15, 16}
