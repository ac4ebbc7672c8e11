"""Odd inputs get a clear answer that names the row."""

from __future__ import annotations

from typing import Any

import pytest

from cuebox.core.errors import InvalidRequest, PayloadTooLarge
from cuebox.core.text import TextSettings, normalize_text
from cuebox.serving.rows import Rows, check_rows


def check(values: Any, *, collect: bool = False) -> Rows:
    return check_rows(
        values,
        lambda text: normalize_text(text, TextSettings()),
        max_rows=5,
        max_chars=100,
        collect=collect,
    )


def test_texts_are_normalised() -> None:
    assert check(["  two   words\n", "plain"]).texts == ["two words", "plain"]


@pytest.mark.parametrize(
    ("values", "param", "says"),
    [
        ("", "input", "empty"),
        ("   \u200b", "input", "empty"),
        ([], "input", "at least one"),
        (["fine", None], "input[1]", "null"),
        (["fine", 7], "input[1]", "a number"),
        (["fine", True], "input[1]", "a boolean"),
        ([["nested"]], "input[0]", "a list"),
        ([{"a": 1}], "input[0]", "an object"),
        (["fine", "\ud800"], "input[1]", "lone surrogate"),
        (["x" * 101], "input[0]", "101 characters"),
    ],
)
def test_a_bad_row_is_named(values: Any, param: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(values)
    assert caught.value.param == param
    assert says in caught.value.message


def test_bad_rows_can_be_collected() -> None:
    rows = check(["good", None, "also good", ""], collect=True)
    assert rows.indices == [0, 2]
    assert set(rows.errors) == {1, 3}


def test_too_many_rows() -> None:
    with pytest.raises(PayloadTooLarge, match="6 rows, the most is 5"):
        check(["a"] * 6, collect=True)
