"""Keys and values: shared, copied when written to, reserved, remembered, never leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from cuebox.generation.engine.batch import BatchBuilder
from cuebox.generation.engine.kv_cache import KvCache
from tests.fakes.step_model import FakeStepModel

if TYPE_CHECKING:
    from cuebox.generation.engine.kv_sequence import KvSequence

Token = st.integers(0, 2)


class Request:
    """A prompt's sequence, its rows, and how far they may grow."""

    def __init__(self, sequence: KvSequence, prompt: list[int], room: int, rows: int) -> None:
        self.sequence = sequence
        self.prompt = prompt
        self.most = len(prompt) + room
        self.rows = rows
        self.live: list[KvSequence] = []

    @property
    def unread(self) -> list[int]:
        return self.prompt[len(self.sequence.tokens) :]


class Caches(RuleBasedStateMachine):
    """Requests open, grow, branch and end in any order; what a block holds is always right."""

    running: Bundle[Request] = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.model = FakeStepModel(blocks=24, block_size=4)
        self.cache = KvCache(self.model)
        self.requests: list[Request] = []

    def feed(self, sequence: KvSequence, tokens: list[int]) -> None:
        """Compute tokens; the logits must be those of the whole sequence."""
        if len(sequence.tokens) + len(tokens) > sequence.room:
            self.cache.extend(sequence, len(tokens))
        for block in sequence.blocks[len(sequence.tokens) // self.model.block_size :]:
            assert not self.cache._pool.is_shared(block), "somebody else reads what is written to"
        builder = BatchBuilder()
        builder.add(sequence, tokens, sampled=1)
        logits = self.model.step(builder.build())
        np.testing.assert_array_equal(logits[-1], self.model.logits(sequence.tokens))

    @rule(
        target=running,
        prompt=st.lists(Token, min_size=1, max_size=20),
        room=st.integers(1, 12),
        rows=st.integers(1, 3),
    )
    def open(self, prompt: list[int], room: int, rows: int) -> Request | MultipleResults[Request]:
        fits_alone = self.cache.need(len(prompt), room, rows) <= self.model.blocks
        sequence = self.cache.open(prompt, len(prompt), room=room, rows=rows)
        if sequence is None:
            assert self.requests or not fits_alone
            return multiple()
        assert sequence.tokens == prompt[: len(sequence.tokens)]
        request = Request(sequence, prompt, room, rows)
        self.requests.append(request)
        return request

    @rule(request=running, count=st.integers(1, 20), tail=st.booleans())
    def read(self, request: Request, count: int, tail: bool) -> None:
        if request.unread:
            self.feed(request.sequence, request.unread[:count])
            self.cache.publish(request.sequence, tail=tail and not request.unread)

    @rule(request=running, data=st.data())
    def branch(self, request: Request, data: st.DataObject) -> None:
        if request.unread or len(request.live) == request.rows:
            return
        parent = data.draw(st.sampled_from([request.sequence, *request.live]))
        length = data.draw(st.integers(len(request.prompt), len(parent.tokens)))
        request.live.append(self.cache.fork(parent, length))

    @rule(request=running, tokens=st.lists(Token, min_size=3, max_size=3))
    def grow(self, request: Request, tokens: list[int]) -> None:
        for row, token in zip(request.live, tokens, strict=False):
            if len(row.tokens) < request.most:
                self.feed(row, [token])

    @rule(request=running, answer=st.booleans())
    def drop_row(self, request: Request, answer: bool) -> None:
        if not request.live:
            return
        row = request.live.pop(0)
        if answer:
            self.cache.publish(row, tail=True, answer_from=len(request.prompt))
        self.cache.close(row)

    @rule(request=consumes(running), keep=st.booleans())
    def end(self, request: Request, keep: bool) -> None:
        self.requests.remove(request)
        for sequence in (*request.live, request.sequence):
            if keep:
                self.cache.publish(sequence, tail=True, answer_from=len(request.prompt))
            self.cache.close(sequence)
        self.cache.end(request.sequence.reservation)

    @rule(query=st.lists(Token, min_size=1, max_size=24))
    def what_is_remembered_is_what_was_computed(self, query: list[int]) -> None:
        path, length = self.cache._tree.find(query, len(query))
        held = self.model.held[[node.block for node in path]].reshape(-1)[:length]
        assert held.tolist() == query[:length]

    @invariant()
    def no_block_is_lost_and_promises_can_be_kept(self) -> None:
        pool = self.cache._pool
        holders = [0] * pool.size
        for request in self.requests:
            for sequence in (request.sequence, *request.live):
                for block in sequence.blocks:
                    holders[block] += 1
        assert holders == pool._holders
        kept = sum(pool._remembered)
        assert kept == self.cache._tree.blocks
        unused = sum(1 for block in range(pool.size) if kept_only(pool, block))
        assert pool.free + pool.used + unused == pool.size
        promised = sum(request.sequence.reservation.left for request in self.requests)
        assert promised == self.cache._promised
        assert promised <= pool.size - pool.used
        assert all(request.sequence.reservation.left >= 0 for request in self.requests)


def kept_only(pool: Any, block: int) -> bool:
    return bool(pool._remembered[block] and not pool._holders[block])


TestCaches = Caches.TestCase
TestCaches.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def opened(cache: KvCache, model: FakeStepModel, tokens: list[int]) -> KvSequence:
    """A prompt, read and published as a request with several rows does."""
    sequence = cache.open(tokens, len(tokens) - 1, room=2, rows=2)
    assert sequence is not None
    rest = tokens[len(sequence.tokens) :]
    cache.extend(sequence, len(rest))
    builder = BatchBuilder()
    builder.add(sequence, rest, sampled=1)
    model.step(builder.build())
    cache.publish(sequence, tail=True)
    return sequence


def test_a_known_prefix_is_shared_by_reference_and_only_its_last_block_copied() -> None:
    model = FakeStepModel(block_size=4)
    cache = KvCache(model)
    first = opened(cache, model, list(range(10)))
    model.read = 0
    second = opened(cache, model, [*range(10), 10])
    assert second.blocks[:2] == first.blocks[:2]
    assert second.blocks[2] != first.blocks[2]
    assert (model.copies, model.read) == (1, 1)


def computed(cache: KvCache, model: FakeStepModel, tokens: list[int]) -> list[KvSequence]:
    """Two requests read the same prompt at the same time."""
    sequences = []
    for _ in range(2):
        sequence = cache.open(tokens, len(tokens) - 1, room=4, rows=1)
        assert sequence is not None
        sequences.append(sequence)
    for sequence in sequences:
        cache.extend(sequence, len(tokens))
        builder = BatchBuilder()
        builder.add(sequence, tokens, sampled=1)
        model.step(builder.build())
    return sequences


def test_the_same_prompt_computed_twice_is_held_once() -> None:
    model = FakeStepModel(block_size=4)
    cache = KvCache(model)
    first, second = computed(cache, model, list(range(8)))
    left = second.reservation.left
    for sequence in (first, second):
        cache.publish(sequence, tail=True)
    assert first.blocks == second.blocks
    assert cache.stats()["used_blocks"] == 2
    # Two blocks came free, and may be taken again.
    assert second.reservation.left == left + 2


def test_a_block_exchanged_for_an_unused_one_is_still_one_block() -> None:
    model = FakeStepModel(block_size=4)
    cache = KvCache(model)
    first, second = computed(cache, model, list(range(8)))
    cache.publish(first, tail=True)
    cache.close(first)
    cache.end(first.reservation)
    left = second.reservation.left
    cache.publish(second, tail=True)
    assert cache.stats()["used_blocks"] == 2
    assert second.reservation.left == left


def test_a_request_as_large_as_the_memory_fits_when_nothing_runs() -> None:
    model = FakeStepModel(blocks=4, block_size=4)
    cache = KvCache(model)
    first = cache.open([1, 2, 3, 4, 5], 4, room=11, rows=1)
    assert first is None  # 5 + 11 tokens, and the shared part of the prompt's last block
    second = cache.open([1, 2, 3, 4], 3, room=12, rows=1)
    assert second is not None


def test_the_shared_end_of_a_prompt_is_done_without_where_it_takes_the_last_block() -> None:
    model = FakeStepModel(blocks=5, block_size=4)
    cache = KvCache(model)
    first = opened(cache, model, [1, 2, 3, 4, 5])
    cache.close(first)
    cache.end(first.reservation)
    # Four blocks beside the first, which is shared; the second would be shared until copied.
    second = cache.open([1, 2, 3, 4, 5, 6], 5, room=7, rows=1)
    assert second is not None
    assert second.tokens == [1, 2, 3, 4]


def test_who_goes_on_writing_after_a_branch_copies_too() -> None:
    model = FakeStepModel(block_size=4)
    cache = KvCache(model)
    parent = cache.fork(opened(cache, model, [1, 2, 3, 4, 5]), 5)
    cache.extend(parent, 1)
    assert parent.room == 8
    child = cache.fork(parent, 5)
    assert (parent.room, child.room) == (5, 5)
    cache.extend(parent, 1)
    cache.extend(child, 1)
    # The parent left the block to the child, which is its only holder now.
    assert model.copies == 2
    assert parent.blocks[1] != child.blocks[1]


def test_a_remembered_end_is_copied_before_more_is_written() -> None:
    model = FakeStepModel(block_size=4)
    cache = KvCache(model)
    sequence = opened(cache, model, [1, 2, 3, 4, 5])
    remembered = sequence.blocks[1]
    assert sequence.room == 5
    cache.extend(sequence, 1)
    assert sequence.blocks[1] != remembered
