"""How much of the prompts a step reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cuebox.generation.engine.pace import Pace, share_out


def learnt(seconds_per_token: float, *, decode: float = 0.0) -> Pace:
    pace = Pace(step_seconds=0.030)
    for _ in range(60):
        tokens = pace.prompt_tokens
        pace.learn(decode + tokens * seconds_per_token, tokens)
        if decode:
            pace.learn(decode, 0)
    return pace


def test_a_small_model_reads_whole_prompts() -> None:
    assert learnt(0.00003).prompt_tokens > 900


def test_a_large_model_reads_pieces_that_keep_the_step_short() -> None:
    assert 80 <= learnt(0.00035).prompt_tokens <= 90
    assert learnt(0.010).prompt_tokens == 32


def test_running_answers_leave_less_of_the_step() -> None:
    assert 50 <= learnt(0.00035, decode=0.010).prompt_tokens <= 65


def test_a_few_tokens_say_nothing_about_many() -> None:
    pace = learnt(0.00003)
    before = pace.prompt_tokens
    pace.learn(0.006, 3)
    assert pace.prompt_tokens == before


@given(st.lists(st.integers(1, 500), max_size=12), st.integers(1, 300))
def test_all_prompts_make_progress_within_the_budget(remaining: list[int], budget: int) -> None:
    parts = share_out(remaining, budget)
    assert all(1 <= part <= left for part, left in zip(parts, remaining, strict=True))
    assert sum(parts) <= max(budget, len(remaining))
    assert sum(parts) >= min(sum(remaining), budget)


def test_short_prompts_are_read_at_once_and_long_ones_get_the_rest() -> None:
    assert share_out([500, 10, 300], 100) == [45, 10, 45]
