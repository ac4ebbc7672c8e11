"""The tokenizer adapter: length, truncation, hostile text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import InvalidRequest, ModelError
from cuebox.engines.tokenizer import FastTokenizer, open_tokenizer

CLS, SEP, MAX = 2, 3, 16


@pytest.fixture
def plain(tiny: Path) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_file(str(tiny / "tokenizer.json"))


@pytest.fixture
def tokenizer(plain: tokenizers.Tokenizer) -> FastTokenizer:
    return FastTokenizer(plain, MAX)


def test_short_text_is_neither_padded_nor_cut(tokenizer: FastTokenizer) -> None:
    tokens = tokenizer.encode("please cancel my flight")
    assert tokens.ids[0] == CLS
    assert tokens.ids[-1] == SEP
    assert len(tokens.ids) == tokens.total == 6
    assert not tokens.truncated


def test_padding_and_truncation_in_the_file_are_undone(plain: tokenizers.Tokenizer) -> None:
    plain.enable_padding(length=128)
    plain.enable_truncation(4)
    assert FastTokenizer(plain, MAX).encode("please cancel my flight").total == 6


def test_long_text_is_cut_but_keeps_its_end_and_its_length(tokenizer: FastTokenizer) -> None:
    tokens = tokenizer.encode("card " * 100)
    assert len(tokens.ids) == MAX
    assert tokens.ids[-1] == SEP
    assert tokens.total == 102
    assert tokens.truncated


@pytest.mark.parametrize(
    "text", ["card " * 200_000, "x" * 1_000_000, "中" * 300_000, "é" * 500_000]
)
def test_a_megabyte_reads_like_its_beginning(tokenizer: FastTokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    beginning = tokenizer.encode(text[:200])
    assert list(tokens.ids) == list(beginning.ids)
    assert tokens.truncated == (tokens.total > MAX)


def test_text_hidden_behind_a_megabyte_of_spaces_is_found(tokenizer: FastTokenizer) -> None:
    tokens = tokenizer.encode(" " * 1_000_000 + "card")
    assert list(tokens.ids) == list(tokenizer.encode("card").ids)
    assert not tokens.truncated


@given(st.text(st.sampled_from("ab z.\t\ud7ffé中\u0301\u200b"), max_size=3_000))
@settings(max_examples=50, deadline=None)
def test_any_text_reads_as_the_library_reads_it(text: str) -> None:
    made = _library()
    expected = made.encode(text).ids
    tokens = FastTokenizer(made, MAX).encode(text)
    assert len(tokens.ids) <= MAX
    assert tokens.truncated == (len(expected) > MAX)
    if not tokens.truncated:
        assert list(tokens.ids) == expected


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "card " * 50_000 + "\ud800"])
def test_a_lone_surrogate_is_named(tokenizer: FastTokenizer, text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"lone surrogate, U\+D"):
        tokenizer.encode(text)


def test_a_file_that_is_no_tokenizer(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(ModelError, match=r"not a tokenizer\.json"):
        open_tokenizer(path, MAX)
    with pytest.raises(ModelError):
        open_tokenizer(tmp_path / "absent.json", MAX)


def test_no_room_for_text(plain: tokenizers.Tokenizer) -> None:
    with pytest.raises(ModelError, match="no room"):
        FastTokenizer(plain, 1)


@cache
def _library() -> tokenizers.Tokenizer:
    path = Path(__file__).parents[2] / "data" / "tiny_encoder" / "tokenizer.json"
    return tokenizers.Tokenizer.from_file(str(path))
