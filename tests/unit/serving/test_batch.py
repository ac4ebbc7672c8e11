"""Rows of several requests through few runs of the encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import CueboxError, InvalidRequest
from cuebox.core.types import Embedded
from cuebox.serving.batch import Row, encode_rows, encode_text
from tests.fakes.encoder import FakeEncoder, FakeTokenizer

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray, TokenBatch


class Recording(FakeEncoder):
    """Remembers the shape of each run, refuses negative ids, and ignores padding."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, int]] = []

    def run(self, batch: TokenBatch) -> FloatArray:
        self.shapes.append((batch.ids.shape[0], batch.ids.shape[1]))
        if (batch.ids < 0).any():
            raise RuntimeError("index out of range")
        totals = (batch.ids * batch.mask).sum(axis=1, keepdims=True)
        return np.repeat(totals, self.spec.dim, axis=1).astype(np.float32)


def test_texts_of_like_length_share_a_run_and_others_do_not() -> None:
    encoder = Recording()
    rows = [Row("x" * length, keep_whole=False) for length in (16, 3, 15, 3, 16, 3)]
    encode_rows(rows, FakeTokenizer(), encoder)
    assert sorted(encoder.shapes) == [(3, 3), (3, 16)]


def test_a_row_that_is_to_run_alone_has_no_company_on_either_side() -> None:
    encoder = Recording()
    lengths = (3, 4, 4, 4, 5, 5)
    rows = [Row("x" * n, keep_whole=False, alone=n == 4) for n in lengths]
    encode_rows(rows, FakeTokenizer(), encoder)
    assert encoder.shapes == [(1, 3), (1, 4), (1, 4), (1, 4), (2, 5)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=20), max_size=30))
def test_every_row_gets_its_own_embedding_whatever_its_company(texts: list[str]) -> None:
    encoder = Recording()
    rows = [Row(text, keep_whole=False) for text in texts]
    encode_rows(rows, FakeTokenizer(), encoder)
    for text, row in zip(texts, rows, strict=True):
        alone = encode_text(text, FakeTokenizer(), Recording())
        assert isinstance(row.outcome, Embedded)
        assert row.outcome.vector.tolist() == alone.vector.tolist()
        assert (row.outcome.tokens, row.outcome.total) == (alone.tokens, alone.total)
    assert all(count * width <= 160 for count, width in encoder.shapes)


def test_one_bad_row_does_not_spoil_its_companions() -> None:
    rows = [
        Row([1, 2], keep_whole=True),
        Row([-1, 2], keep_whole=True),
        Row([3, 4], keep_whole=True),
    ]
    encode_rows(rows, FakeTokenizer(), Recording())
    assert isinstance(rows[0].outcome, Embedded)
    assert isinstance(rows[1].outcome, CueboxError)
    assert "out of range" in rows[1].outcome.message
    assert isinstance(rows[2].outcome, Embedded)


def test_a_text_alone_raises_its_error() -> None:
    encoder = FakeEncoder()
    encoder.fail_with = RuntimeError("boom")
    with pytest.raises(CueboxError, match="boom"):
        encode_text("x", FakeTokenizer(), encoder)


def test_a_text_that_must_stay_whole_is_refused_before_it_costs_anything() -> None:
    encoder = Recording()
    row = Row("x" * 99, keep_whole=True)
    encode_rows([row], FakeTokenizer(), encoder)
    assert isinstance(row.outcome, InvalidRequest)
    assert encoder.shapes == []
