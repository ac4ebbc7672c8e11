from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.kinds.completion.ngram import KneserNey

VOCABULARY = 7
streams = st.lists(st.integers(0, VOCABULARY - 1), min_size=12, max_size=120)


@given(streams, st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=8), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_what_may_follow_adds_up_to_one(stream: list[int], text: list[int], order: int) -> None:
    model = KneserNey.fit(np.asarray(stream), order=order, vocabulary=VOCABULARY)
    assert np.exp(model.begin(text)).sum() == pytest.approx(1, abs=1e-4)


@given(streams, st.lists(st.integers(0, VOCABULARY - 1), min_size=2, max_size=8))
@settings(max_examples=60, deadline=None)
def test_scoring_and_continuing_agree(stream: list[int], text: list[int]) -> None:
    model = KneserNey.fit(np.asarray(stream), order=3, vocabulary=VOCABULARY)
    scored = model([text])[0]
    step_by_step = [float(model.begin(text[:place])[text[place]]) for place in range(1, len(text))]
    assert scored.tolist() == pytest.approx(step_by_step, abs=1e-4)


def test_longer_contexts_predict_a_regular_text_better() -> None:
    stream = np.tile([1, 2, 3, 1, 2, 4], 50)
    held_out = [stream[:60].tolist()]
    bits = [
        -float(KneserNey.fit(stream, order=order, vocabulary=5)(held_out)[0].mean())
        for order in (1, 2, 4)
    ]
    assert bits[0] > bits[1] > bits[2]
    assert bits[2] < 0.4


def test_lower_orders_count_what_a_token_follows() -> None:
    # 3 is as frequent as 1 and 2, but only ever after 5: elsewhere it is not to be expected.
    draw = np.random.default_rng(1)
    pieces = [[5, 3] if draw.random() < 0.3 else [int(draw.choice([1, 2, 4]))] for _ in range(400)]
    stream = np.asarray([token for piece in pieces for token in piece])
    model = KneserNey.fit(stream, order=2, vocabulary=7)
    unseen = np.exp(model.begin([6]))
    assert unseen[3] < unseen[[1, 2, 4]].min() / 2
    assert np.exp(model.begin([5]))[3] > 0.9


def test_branches_go_on_from_their_parents() -> None:
    stream = np.tile([0, 1, 2, 0, 3, 4], 30)
    model = KneserNey.fit(stream, order=3, vocabulary=5)
    model.begin([0])
    answers = model.extend([0, 0], [1, 3])
    assert answers.argmax(axis=1).tolist() == [2, 4]
    assert model.extend([1, 0], [4, 2]).shape == (2, 5)
    assert np.allclose(model.extend([0], [0])[0], model.begin([0, 3, 4, 0]))
