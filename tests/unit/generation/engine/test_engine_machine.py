"""Requests come, go, are superseded, run out of time and fail in any order: the invariants hold."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cuebox.core.errors import Conflict, Overloaded, Unavailable
from cuebox.core.generation import Completed
from tests.fakes.desk import Asked, Desk

# Few letters and few beginnings, so that most prompts share a part with others.
Prompts = st.builds(
    lambda head, tail: [97] * head + tail,
    st.sampled_from([0, 3, 7, 8, 15, 40]),
    st.lists(st.integers(97, 98), min_size=1, max_size=6),
).map(tuple)

Fields = st.fixed_dictionaries(
    {
        "n": st.integers(1, 3),
        "max_tokens": st.integers(1, 9),
        "seed": st.integers(0, 3),
        "temperature": st.sampled_from([0.0, 1.0]),
        "stream": st.booleans(),
        "distinct": st.booleans(),
        "echo": st.booleans(),
        "logprobs": st.sampled_from([None, None, 1]),
    }
).map(lambda fields: tuple(fields.items()))

Owners = st.tuples(st.sampled_from("ab"), st.sampled_from(["", "", "s", "t"]))


@lru_cache(2_000)
def alone(prompt: tuple[int, ...], fields: tuple[tuple[str, Any], ...]) -> list[str]:
    """The answer of an engine that nobody else asks."""
    return Desk(blocks=256).answer(list(prompt), **dict(fields)).texts


class Engines(RuleBasedStateMachine):
    """An engine with few rows and little memory."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(
            blocks=28, max_rows=4, max_choices=3, max_waiting=6, remembered_logits=9, step_ms=9,
            seconds_per_token=0.001,
        )  # fmt: skip
        self.asked: list[tuple[Asked, list[str]]] = []
        self.cancelled: list[tuple[Asked, int]] = []

    @rule(prompt=Prompts, fields=Fields, owner=Owners, late=st.sampled_from([None, None, 30.0]))
    def ask(
        self,
        prompt: tuple[int, ...],
        fields: tuple[tuple[str, Any], ...],
        owner: tuple[str, str],
        late: float | None,
    ) -> None:
        client, session = owner
        before = self.desk.stat("waiting_requests")
        try:
            asked = self.desk.ask(
                list(prompt), client=client, session=session, max_time_ms=late, **dict(fields)
            )
        except Overloaded:
            assert before == 6
            return
        self.asked.append((asked, alone(prompt, fields)))

    @rule(steps=st.integers(1, 6))
    def step(self, steps: int) -> None:
        self.desk.run(steps)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.asked:
            asked, _ = self.asked.pop(data.draw(st.integers(0, len(self.asked) - 1)))
            self.desk.cancel(asked)
            self.cancelled.append((asked, len(asked.answers)))

    @rule(ms=st.integers(1, 20))
    def wait(self, ms: int) -> None:
        self.desk.wait(ms / 1e3)

    @rule()
    def fail_once(self) -> None:
        self.desk.model.fail_with = RuntimeError("a fault")
        self.desk.engine.step()
        self.desk.model.fail_with = None

    @rule(tokens=st.lists(st.integers(97, 98), min_size=2, max_size=20))
    def score(self, tokens: list[int]) -> None:
        assert self.desk.engine.logprobs(tokens) == Desk().engine.logprobs(tokens)

    @invariant()
    def promised_blocks_can_be_had(self) -> None:
        cache = self.desk.engine._runner._cache
        assert 0 <= cache._promised <= cache._pool.size - cache._pool.used

    def teardown(self) -> None:
        self.desk.run()
        assert self.desk.is_clean()
        for asked, before in self.cancelled:
            assert len(asked.answers) == before
        for asked, expected in self.asked:
            assert asked.over
            end = asked.answers[-1]
            if not isinstance(end, Completed):
                assert isinstance(asked.error, Conflict | Unavailable)
            elif asked.request.max_time_ms is None or end.total_ms < asked.request.max_time_ms:
                assert asked.texts == expected
        super().teardown()


TestEngines = Engines.TestCase
TestEngines.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 120),
    max_tokens=st.integers(1, 61),
    n=st.integers(1, 3),
    stop_at=st.sampled_from(["none", "word", "sentence"]),
    heal=st.booleans(),
    seed=st.integers(0, 9),
)
def test_answers_stay_within_the_window_and_their_blocks(
    length: int, max_tokens: int, n: int, stop_at: str, heal: bool, seed: int
) -> None:
    desk = Desk(blocks=200)
    text = ("the quick brown fox jumps. And unbelievably lazy dogs sleep " * 3)[:length]
    asked = desk.ask(text, n=n, max_tokens=max_tokens, stop_at=stop_at, heal=heal, seed=seed)
    work = asked.ticket
    assert work is not None
    while not asked.over:
        desk.engine.step()
        assert work.sequence is None or work.sequence.reservation.left >= 0
    assert len(asked.texts) <= n
    assert desk.is_clean()
