"""Texts never repeat unless asked."""

from __future__ import annotations

import pytest

from cuebox.core.errors import ConfigError
from cuebox.loadtest.texts import TextSource, words


def test_the_word_list_is_large_and_clean() -> None:
    assert len(words()) == len(set(words())) == 2048
    assert all(word.isalpha() and word.islower() for word in words())


def test_fresh_texts_never_repeat_and_have_the_length_asked() -> None:
    source = TextSource(seed=3, min_words=5, max_words=12)
    texts = [source() for _ in range(20_000)]
    assert len(set(texts)) == len(texts)
    assert {len(text.split()) for text in texts} == set(range(5, 13))


def test_the_same_seed_sends_the_same_and_another_seed_others() -> None:
    first, again, other = TextSource(seed=1), TextSource(seed=1), TextSource(seed=2)
    texts = [first() for _ in range(100)]
    assert texts == [again() for _ in range(100)]
    assert not set(texts) & {other() for _ in range(100)}


def test_the_dial_sets_the_share_of_repeats() -> None:
    source = TextSource(seed=1, repeat=0.8, hot_texts=50)
    texts = [source() for _ in range(5_000)]
    fresh = len(set(texts)) - 50
    assert fresh / len(texts) == pytest.approx(0.2, abs=0.03)


def test_lengths_must_make_sense() -> None:
    with pytest.raises(ConfigError, match="max_words 4"):
        TextSource(min_words=5, max_words=4)
