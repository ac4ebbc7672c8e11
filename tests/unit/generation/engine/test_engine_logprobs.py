"""Log-probabilities of given tokens, for golden examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import InvalidRequest
from cuebox.generation.engine.engine import Engine
from tests.fakes.desk import LONG, Desk
from tests.fakes.step_model import FakeStepModel

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray, StepBatch


@pytest.mark.parametrize("count", [2, 64, 300])
def test_they_are_the_models(count: int) -> None:
    desk = Desk(context=512)
    tokens = LONG[:count]
    found = desk.engine.logprobs(tokens)
    for place in range(count - 1):
        logits = desk.model.logits(tokens[: place + 1]).astype(np.float64)
        expected = logits[tokens[place + 1]] - np.log(np.exp(logits).sum())
        assert found[place] == pytest.approx(expected, abs=1e-4)
    assert len(found) == count - 1
    assert desk.is_clean()


def test_they_are_computed_again_and_beside_what_runs() -> None:
    desk = Desk(max_waiting=1)
    first = desk.engine.logprobs(LONG[:30])
    running = desk.ask(max_tokens=9)
    assert desk.engine.logprobs(LONG[:30]) == first
    desk.run()
    assert running.texts


def test_their_logits_are_asked_for_in_pieces() -> None:
    desk = Desk(context=512)
    sampled: list[int] = []
    step = desk.model.step

    def watched(batch: StepBatch) -> FloatArray:
        sampled.append(len(batch.sample_rows))
        return step(batch)

    desk.model.step = watched  # type: ignore[method-assign]
    desk.engine.logprobs(LONG[:300])
    assert sum(sampled) == 300
    assert max(sampled) == 64


def test_one_token_has_none_and_too_many_are_refused() -> None:
    desk = Desk()
    assert desk.engine.logprobs([97]) == []
    with pytest.raises(InvalidRequest) as caught:
        desk.engine.logprobs([97] * 65)
    assert caught.value.param == "prompt"


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 4),
    seed=st.integers(0, 1_000),
    temperature=st.sampled_from([0.0, 0.5, 1.0]),
    distinct=st.booleans(),
)
def test_what_is_told_of_each_token_follows_from_all_before_it(
    n: int, seed: int, temperature: float, distinct: bool
) -> None:
    # Letters that say the same: most choices are replaced, often in the middle.
    desk = Desk()
    model = FakeStepModel(blocks=128, block_size=4, letters=b"aAbB ", liking=14.0)
    desk.engine = Engine(model, desk.tokenizer, desk.settings)
    asked = desk.answer(
        [97] * 6, n=n, seed=seed, temperature=temperature, distinct=distinct, logprobs=0,
        max_tokens=14,
    )  # fmt: skip
    for choice in asked.completed.choices:
        assert choice.logprobs is not None
        sequence = [97] * 6
        for text, told in zip(choice.logprobs.tokens, choice.logprobs.token_logprobs, strict=True):
            logits = model.logits(sequence).astype(np.float64)
            [token] = text.encode()
            assert told == pytest.approx(logits[token] - np.log(np.exp(logits).sum()), abs=1e-4)
            sequence.append(token)
    assert desk.is_clean()
