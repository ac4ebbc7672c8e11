"""Refused before anything is taken, with the field named."""

from __future__ import annotations

import pytest

from cuebox.core.errors import InvalidRequest, Overloaded
from tests.fakes.desk import Desk


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("n", {"n": 17}),
        ("best_of", {"best_of": 17}),
        ("max_tokens", {"max_tokens": 63}),
        ("prompt", {"prompt": "x" * 1_001}),
        ("prompt", {"prompt": [97] * 501}),
        ("prompt", {"prompt": []}),
        ("prompt[2]", {"prompt": [97, 98, 260]}),
        ("prompt[1]", {"prompt": [97, -1]}),
        ("logit_bias", {"logit_bias": {260: 1.0}}),
    ],
)
def test_the_field_is_named(param: str, fields: dict[str, object]) -> None:
    desk = Desk(max_prompt_chars=1_000, max_prompt_tokens=500)
    with pytest.raises(InvalidRequest) as caught:
        desk.ask(**{"prompt": "the ", **fields})  # type: ignore[arg-type]
    assert caught.value.param == param
    assert desk.is_clean()
    assert desk.stat("refused_total") == 1


def test_choices_that_no_memory_could_hold() -> None:
    desk = Desk(blocks=20)
    with pytest.raises(InvalidRequest, match="ask for fewer") as caught:
        desk.ask([97] * 20, n=8, max_tokens=30)
    assert caught.value.param == "n"
    assert desk.answer([97] * 20, n=1, max_tokens=30).texts


def test_a_pause_says_nothing_about_how_fast_answers_come() -> None:
    desk = Desk(max_waiting=2, max_rows=1, max_choices=1, seconds_per_token=0.001)
    desk.answer(max_tokens=1)
    desk.wait(3_600)
    for _ in range(2):
        desk.ask(max_tokens=1)
    desk.run(1)
    desk.ask(max_tokens=1)
    with pytest.raises(Overloaded) as caught:
        desk.ask()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after < 1


def test_a_full_queue_says_when_to_come_back() -> None:
    desk = Desk(max_waiting=2)
    for _ in range(2):
        desk.ask()
    with pytest.raises(Overloaded) as caught:
        desk.ask()
    assert caught.value.retry_after is not None
    desk.run()
    assert desk.answer().texts
