"""Whose turn it is: clients, then sessions, then first come; plain data in and out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import Overloaded
from cuebox.generation.engine.scheduler import Scheduler
from cuebox.generation.settings import GenerationSettings


@dataclass(eq=False)
class Item:
    client: str = "a"
    session: str = ""
    rows: int = 1
    blocks: int = 1
    prompt_tokens: int = 10


def scheduler_of(
    *items: Item, rows: int = 8, blocks: int = 1_000, **values: float
) -> Scheduler[Item]:
    bounds = GenerationSettings(max_rows=rows, max_choices=1, **values)  # type: ignore[arg-type]
    scheduler: Scheduler[Item] = Scheduler(bounds, blocks)
    for item in items:
        scheduler.admit(item)
    return scheduler


def start_all(scheduler: Scheduler[Item]) -> list[Item]:
    started = []
    while (item := scheduler.next(lambda _: True)) is not None:
        started.append(item)
    return started


def test_clients_take_turns() -> None:
    items = [Item("a") for _ in range(4)] + [Item("b"), Item("c")]
    scheduler = scheduler_of(*items)
    order = []
    while (item := scheduler.next(lambda _: True)) is not None:
        order.append(item)
        scheduler.ended(item)
    assert [item.client for item in order] == ["a", "b", "c", "a", "a", "a"]


def test_sessions_of_a_client_take_turns_and_a_session_is_first_in_first_out() -> None:
    items = [Item(session=name) for name in "xxxyyz"]
    scheduler = scheduler_of(*items)
    order = []
    while (item := scheduler.next(lambda _: True)) is not None:
        order.append(item)
        scheduler.ended(item)
    assert [item.session for item in order] == ["x", "y", "z", "x", "y", "x"]
    assert [item for item in order if item.session == "x"] == items[:3]


def test_one_client_leaves_rows_to_others() -> None:
    scheduler = scheduler_of(*[Item("greedy") for _ in range(100)], client_share=0.75)
    assert len(start_all(scheduler)) == 6
    late = Item("late")
    scheduler.admit(late)
    assert start_all(scheduler) == [late]


def test_one_client_leaves_blocks_to_others() -> None:
    items = [Item("greedy", blocks=40) for _ in range(3)]
    scheduler = scheduler_of(*items, blocks=100, client_share=0.75)
    assert start_all(scheduler) == items[:1]


def test_a_clients_only_request_may_be_larger_than_its_share() -> None:
    scheduler = scheduler_of(Item(rows=8, blocks=1_000))
    assert len(start_all(scheduler)) == 1


def test_small_requests_do_not_pass_a_large_one_for_ever() -> None:
    large = Item("large", rows=8)
    scheduler = scheduler_of(Item("small"), large, Item("small"), Item("other"))
    [running] = start_all(scheduler)
    scheduler.ended(running)
    assert start_all(scheduler) == [large]


def test_what_has_no_blocks_now_keeps_its_turn() -> None:
    first, second = Item("a"), Item("b")
    scheduler = scheduler_of(first, second)
    assert scheduler.next(lambda _: False) is None
    assert start_all(scheduler) == [first, second]


def test_bounds_on_requests_and_on_their_tokens() -> None:
    scheduler = scheduler_of(Item(), Item(), max_waiting=2)
    with pytest.raises(Overloaded, match="2 requests wait") as caught:
        scheduler.admit(Item("other"))
    assert caught.value.retry_after
    scheduler = scheduler_of(Item(prompt_tokens=90), max_waiting_tokens=100)
    with pytest.raises(Overloaded, match="90 prompt tokens wait"):
        scheduler.admit(Item("other", prompt_tokens=11))
    scheduler.admit(Item("other", prompt_tokens=10))


def test_a_prompt_over_the_bound_is_admitted_when_nothing_waits() -> None:
    assert scheduler_of(Item(prompt_tokens=101), max_waiting_tokens=100).waiting == 1


def test_when_to_come_back_follows_how_fast_answers_come() -> None:
    scheduler = scheduler_of(Item(), Item(), max_waiting=2)
    for _ in range(200):
        scheduler.learn(1.5)
    with pytest.raises(Overloaded) as caught:
        scheduler.admit(Item())
    assert caught.value.retry_after == pytest.approx(3.0, rel=0.05)


Actions = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.sampled_from("abc"), st.sampled_from("xy")),
        st.tuples(st.just("withdraw"), st.integers(0, 20), st.none()),
        st.tuples(st.just("start"), st.none(), st.none()),
        st.tuples(st.just("end"), st.integers(0, 20), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(Actions)
def test_counts_are_right_and_nothing_is_kept_of_idle_clients(
    actions: list[tuple[str, int | str | None, str | None]],
) -> None:
    scheduler = scheduler_of(rows=4)
    waiting: list[Item] = []
    running: list[Item] = []
    for action, value, session in actions:
        if action == "admit":
            item = Item(str(value), str(session), rows=2)
            scheduler.admit(item)
            waiting.append(item)
        elif action == "start":
            started = scheduler.next(lambda _: True)
            if started is not None:
                waiting.remove(started)
                running.append(started)
        elif action == "withdraw" and waiting:
            item = waiting.pop(int(str(value)) % len(waiting))
            scheduler.withdraw(item)
        elif action == "end" and running:
            scheduler.ended(running.pop(int(str(value)) % len(running)))
        assert scheduler.waiting == len(waiting)
        assert scheduler.waiting_tokens == 10 * len(waiting)
        assert scheduler.rows == 2 * len(running) <= 4
    busy = Counter(item.client for item in (*waiting, *running))
    assert set(scheduler._clients) == set(busy)
