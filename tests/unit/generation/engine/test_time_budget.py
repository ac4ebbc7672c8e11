"""`max_time_ms` counts from admission, whatever the request is doing."""

from __future__ import annotations

import pytest

from tests.fakes.desk import LONG, Desk


def test_the_best_there_is_when_time_ends() -> None:
    desk = Desk()
    asked = desk.ask(max_tokens=40, max_time_ms=50)
    whole = Desk().answer(max_tokens=40)
    desk.run(10)
    desk.wait(0.050)
    desk.run(1)
    assert len(asked.texts[0]) >= 5
    assert whole.texts[0].startswith(asked.texts[0])
    assert desk.stat("late_total") == 1
    assert desk.is_clean()


def test_while_the_prompt_is_read() -> None:
    desk = Desk(context=1_024, seconds_per_token=0.001)
    asked = desk.ask(LONG, max_tokens=5, max_time_ms=80)
    desk.run()
    assert "".join(asked.texts) == ""
    # The step in which time ran out was the last.
    assert asked.completed.first_token_ms == asked.completed.total_ms == pytest.approx(96)
    assert desk.model.read == 96


def test_while_it_waits() -> None:
    desk = Desk(max_rows=1, max_choices=1)
    desk.ask(max_tokens=30)
    desk.run(1)
    asked = desk.ask(max_time_ms=10)
    desk.wait(0.020)
    desk.run(1)
    assert "".join(asked.texts) == ""
    assert asked.completed.queue_ms == pytest.approx(20)


def test_times_and_steps_are_reported() -> None:
    desk = Desk(max_rows=1, max_choices=1)
    first = desk.ask(max_tokens=2)
    second = desk.ask("and then ", max_tokens=3)
    while not second.over:
        desk.engine.step()
        desk.wait(0.010)
    assert first.completed.steps == 2
    assert second.completed.queue_ms == pytest.approx(20)
    assert second.completed.first_token_ms == pytest.approx(20)
    assert second.completed.total_ms == pytest.approx(40)
    assert second.completed.steps == 3
