"""Log-probabilities of given tokens, for golden examples."""

from __future__ import annotations

import numpy as np
import pytest

from cuebox.core.errors import InvalidRequest
from tests.fakes.desk import LONG, Desk


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


def test_one_token_has_none_and_too_many_are_refused() -> None:
    desk = Desk()
    assert desk.engine.logprobs([97]) == []
    with pytest.raises(InvalidRequest) as caught:
        desk.engine.logprobs([97] * 65)
    assert caught.value.param == "prompt"
