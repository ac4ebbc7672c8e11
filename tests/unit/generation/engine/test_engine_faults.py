"""What breaks is told, and nothing else breaks with it."""

from __future__ import annotations

from cuebox.core.errors import Unavailable
from tests.fakes.desk import Desk


def test_a_failing_step_ends_what_runs_and_the_engine_goes_on() -> None:
    desk = Desk(max_rows=2, max_choices=2)
    running = [desk.ask(n=2, max_tokens=9), desk.ask("and then ", max_tokens=9, client="b")]
    desk.run(2)
    desk.model.fail_with = RuntimeError("out of memory")
    desk.run(1)
    assert isinstance(running[0].error, Unavailable)
    assert not running[1].over
    desk.model.fail_with = None
    desk.run()
    assert running[1].texts == Desk().answer("and then ", max_tokens=9).texts
    assert desk.stat("failed_steps_total") == 1
    assert desk.is_clean()


def test_nothing_of_a_failed_step_is_remembered() -> None:
    desk = Desk()
    desk.model.fail_with = RuntimeError("broken")
    desk.answer([97] * 20)
    desk.model.fail_with = None
    assert desk.answer([97] * 20).completed.usage.cached_tokens == 0


def test_a_sink_that_raises_ends_its_own_request_only() -> None:
    desk = Desk()

    def broken(answer: object) -> None:
        raise OSError(answer)

    asked = desk.ask(max_tokens=5)
    request = desk.ask(max_tokens=5, stream=True, client="b").request
    desk.engine.submit(request, broken)
    desk.run()
    assert asked.texts
    assert desk.stat("failed_total") == 1
    assert desk.is_clean()
