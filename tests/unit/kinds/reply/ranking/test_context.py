from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.conversation import Turn
from cuebox.kinds.reply.ranking.context import MOST_TURNS, POOLS, read_context, recent

ROLES = st.sampled_from(["user", "agent", "tool"])
TURNS = st.lists(st.builds(Turn, role=ROLES, text=st.text(max_size=30)), max_size=70)


@settings(deadline=None, max_examples=40)
@given(TURNS)
def test_each_pool_is_an_average_and_few_turns_are_embedded(turns: list[Turn]) -> None:
    context = read_context(recent(turns), lambda _: None)
    assert len(context.texts) <= 12
    assert context.weights.shape == (len(POOLS), len(context.texts))
    sums = context.weights.sum(axis=1)
    assert all(np.isclose(one, 1, atol=1e-5) or one == 0 for one in sums)


def test_an_empty_conversation_has_nothing_to_embed() -> None:
    context = read_context([], lambda _: None)
    assert context.texts == ()
    assert context.pooled(np.zeros((0, 8), np.float32)).tolist() == [0.0] * 8 * len(POOLS)


def test_a_long_conversation_is_read_from_its_end_and_its_first_question() -> None:
    turns = [Turn(role=("user", "agent")[n % 2], text=f"turn {n}") for n in range(500)]
    window = recent(turns)
    assert len(window) == MOST_TURNS + 1
    assert window[0].text == "turn 0"
    assert window[-1].text == "turn 499"


def test_what_was_just_answered_and_looked_up_is_seen() -> None:
    turns = [
        Turn(role="user", text="where is my lamp?"),
        Turn(role="agent", text="one moment"),
        Turn(role="tool", text="find_order", facts={"Found": False}),
    ]
    signs = read_context(turns, lambda _: "wait").signs
    assert "given 0 wait" in signs
    assert "new lookup find_order" in signs
    assert "new fact Found=False" in signs
