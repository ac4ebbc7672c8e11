"""The bounded queue before the writer thread."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.inference_log.waiting import BATCH, Waiting
from tests.fakes.inference_log import suggestion


def waiting(records: int = 10, size: int = 1 << 20) -> Waiting:
    return Waiting(max_records=records, max_bytes=size)


def test_too_many_records_are_counted_as_lost() -> None:
    queue = waiting(records=3)
    for number in range(5):
        queue.put(suggestion(str(number)))
    assert queue.stats() == {"written": 0, "waiting": 3, "lost": 2}
    assert queue.take(linger=0, patience=0) == [suggestion(name) for name in "012"]
    queue.put(suggestion("what is being written still waits"))
    assert queue.stats()["lost"] == 3
    queue.written(3)
    queue.put(suggestion("room again"))
    assert queue.stats() == {"written": 3, "waiting": 1, "lost": 3}


def test_memory_is_bounded_however_few_the_records() -> None:
    queue = waiting(size=100_000)
    queue.put(suggestion("big", conversation="x" * 60_000))
    queue.put(suggestion("as big", conversation="x" * 60_000))
    queue.put(suggestion("wide", draft="é" * 20_000))
    queue.put(suggestion("small"))
    assert queue.stats() == {"written": 0, "waiting": 2, "lost": 2}
    queue.take(linger=0, patience=0)
    queue.written(2)
    queue.put(suggestion("as big", conversation="x" * 60_000))
    assert queue.stats()["waiting"] == 1


def test_batches_are_of_bounded_size_and_in_order() -> None:
    queue = waiting(records=2 * BATCH)
    for number in range(BATCH + 5):
        queue.put(suggestion(str(number)))
    assert len(queue.take(linger=0, patience=0)) == BATCH
    assert len(queue.take(linger=0, patience=0)) == 5
    assert queue.take(linger=0, patience=0) == []


def test_a_full_batch_waits_for_no_company() -> None:
    queue = waiting(records=BATCH)
    taken: list[int] = []
    taker = threading.Thread(
        target=lambda: taken.append(len(queue.take(linger=3600, patience=3600)))
    )
    taker.start()
    for number in range(BATCH):
        queue.put(suggestion(str(number)))
    taker.join(30)
    assert taken == [BATCH]


def test_closing_wakes_who_waits_for_records() -> None:
    queue = waiting()
    taken: list[object] = []
    taker = threading.Thread(target=lambda: taken.extend(queue.take(linger=9, patience=3600)))
    taker.start()
    queue.close()
    taker.join(30)
    assert not taker.is_alive()
    assert queue.ended


def test_a_pause_is_short_once_closed() -> None:
    queue = waiting()
    pauses: list[bool] = []
    pauser = threading.Thread(target=lambda: pauses.append(queue.pause(3600)))
    pauser.start()
    queue.close()
    pauser.join(30)
    assert pauses == [True]


def test_what_is_abandoned_is_lost_whatever_comes_of_it() -> None:
    queue = waiting()
    for number in range(3):
        queue.put(suggestion(str(number)))
    queue.take(linger=0, patience=0)
    assert queue.abandon() == 3
    assert not queue.pause(3600)
    queue.written(2)
    queue.refused(1)
    assert queue.stats() == {"written": 0, "waiting": 0, "lost": 3}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["put", "take", "written", "refused"]), max_size=60))
def test_every_record_is_in_one_place(steps: list[str]) -> None:
    queue = waiting(records=5)
    put = in_hand = 0
    for step in steps:
        if step == "put":
            queue.put(suggestion(str(put)))
            put += 1
        elif step == "take":
            in_hand += len(queue.take(linger=0, patience=0))
        elif in_hand:
            getattr(queue, step)(1)
            in_hand -= 1
        stats = queue.stats()
        assert sum(stats.values()) == put
        assert in_hand <= stats["waiting"] <= 5
    queue.abandon()
    assert sum(queue.stats().values()) == put
