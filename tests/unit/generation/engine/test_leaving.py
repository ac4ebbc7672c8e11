"""Cancel and supersede, counted in steps."""

from __future__ import annotations

import gc

import pytest

from cuebox.core.errors import Conflict, InvalidRequest
from cuebox.core.generation import GenerateRequest
from cuebox.generation.engine.work import Work
from tests.fakes.desk import LONG, Desk


def test_a_cancelled_answer_is_gone_before_the_next_step() -> None:
    desk = Desk()
    gone = desk.ask(n=3, max_tokens=30)
    stays = desk.ask("and then ", max_tokens=30, client="b")
    desk.run(5)
    desk.cancel(gone)
    desk.run(1)
    assert desk.model.batches[-1] == [1]
    assert not gone.answers
    desk.run()
    assert stays.texts
    assert desk.is_clean()


def test_a_cancelled_prompt_is_read_no_further_and_what_was_read_is_kept() -> None:
    desk = Desk(context=1_024, blocks=256, seconds_per_token=0.001)
    gone = desk.ask(LONG, max_tokens=5)
    desk.run(2)
    read = desk.model.read
    assert read < 128
    desk.cancel(gone)
    assert not desk.engine.busy
    again = desk.answer(LONG, max_tokens=1)
    assert again.completed.usage.cached_tokens == read
    assert desk.stat("cancelled_total") == 1


def test_cancelling_twice_or_too_late_does_nothing() -> None:
    desk = Desk()
    over = desk.answer(max_tokens=2)
    desk.cancel(over)
    waiting = desk.ask()
    desk.cancel(waiting)
    desk.cancel(waiting)
    assert desk.stat("cancelled_total") == 1
    assert desk.is_clean()


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_newer_request_of_the_session_supersedes(steps: int) -> None:
    desk = Desk()
    older = desk.ask("the quick brown ", max_tokens=20, session="s", client="a")
    other = desk.ask("the quick brown ", max_tokens=20, session="s", client="b")
    desk.run(steps)
    newer = desk.ask("the quick brown f", max_tokens=5, session="s", client="a")
    assert isinstance(older.error, Conflict)
    desk.run()
    assert newer.texts
    assert other.texts
    assert desk.stat("superseded_total") == 1
    assert desk.is_clean()


def test_a_refused_request_supersedes_nothing() -> None:
    desk = Desk()
    older = desk.ask(max_tokens=3, session="s")
    with pytest.raises(InvalidRequest):
        desk.ask(max_tokens=10_000, session="s")
    desk.run()
    assert older.texts


def test_requests_without_session_do_not_supersede() -> None:
    desk = Desk()
    asked = [desk.ask(max_tokens=3, client="a") for _ in range(3)]
    desk.run()
    assert all(one.texts for one in asked)


def test_a_thousand_abandoned_requests_leave_nothing_behind() -> None:
    before = works()
    desk = Desk(blocks=64, context=128)
    for round_ in range(1_000):
        prompt = [97 + round_ % 7, *LONG[: round_ % 60]]
        asked = desk.ask(prompt, n=1 + round_ % 3, max_tokens=6, max_time_ms=1e9, client="c")
        desk.run(round_ % 4)
        if round_ % 3:
            desk.cancel(asked)
        else:
            desk.ask(prompt, max_tokens=1, session="s", client="c")
    desk.run()
    assert desk.is_clean()
    assert len(desk.engine._runner._known._logits) <= desk.settings.remembered_logits
    del asked
    assert works() <= before


@pytest.mark.parametrize("n", [1, 3])
def test_of_an_abandoned_answer_only_the_prompt_is_remembered(n: int) -> None:
    desk = Desk()
    prompt = [97] * 10
    [text] = Desk().answer(prompt, max_tokens=20, temperature=0).texts
    gone = desk.ask(prompt, n=n, max_tokens=20, temperature=0)
    desk.run(15)
    desk.cancel(gone)
    usage = desk.answer([*prompt, *text.encode()], max_tokens=1).completed.usage
    assert usage.cached_tokens == len(prompt)


def test_an_answer_that_is_told_may_cancel_another() -> None:
    desk = Desk(seconds_per_token=0.001, context=1_024, blocks=256)
    first = GenerateRequest(prompt=[97], max_tokens=1, seed=1)
    desk.engine.submit(first, lambda _: desk.cancel(reading))
    reading = desk.ask(LONG, max_tokens=5)
    desk.run()
    assert desk.model.steps == 1
    assert not reading.answers
    assert desk.is_clean()


def works() -> int:
    """Requests that anything refers to."""
    gc.collect()
    # By type: `isinstance` asks every object for its class, and some of torch's warn when asked.
    return sum(type(thing) is Work for thing in gc.get_objects())
