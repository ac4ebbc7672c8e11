"""A trunk embeds each text once, remembers it, and drops what nobody waits for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from cuebox.cache.embeddings import LruEmbeddingCache
from cuebox.cache.settings import CacheSettings
from cuebox.core.errors import CueboxError, DeadlineExceeded, InvalidRequest, Overloaded
from cuebox.core.types import Embedded
from cuebox.serving.metrics import Metrics
from cuebox.serving.requests import Timings
from cuebox.serving.settings import ServingSettings
from cuebox.serving.trunk import Trunk
from tests.fakes.encoder import FakeEncoder, FakeTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def trunk(encoder: FakeEncoder) -> Iterator[Trunk]:
    made = Trunk(
        encoder.spec,
        FakeTokenizer(),
        encoder,
        LruEmbeddingCache(CacheSettings()),
        Metrics(),
        workers=1,
        settings=ServingSettings(max_queue=3, rows_per_job=2, batch_rows=2),
    )
    yield made
    encoder.gate.set()
    made.close()


def soon() -> float:
    return time.monotonic() + 10


async def entered(encoder: FakeEncoder) -> None:
    await asyncio.to_thread(encoder.entered.acquire)


def test_equal_texts_are_encoded_once_and_remembered(trunk: Trunk, encoder: FakeEncoder) -> None:
    async def run() -> None:
        first = await trunk.embed(["a", "b", "a"], timings=Timings(), deadline=soon())
        assert encoder.rows == 2
        assert first.cached == 1
        again = await trunk.embed(["b"], timings=Timings(), deadline=soon())
        assert encoder.rows == 2
        assert again.cached == 1
        assert isinstance(first.rows[1], Embedded)
        assert again.rows[0] is first.rows[1]

    asyncio.run(run())


def test_texts_embedded_alone_are_neither_looked_up_nor_remembered(
    trunk: Trunk, encoder: FakeEncoder
) -> None:
    async def run() -> None:
        await trunk.embed(["a"], timings=Timings(), deadline=soon())
        alone = await trunk.embed_alone(["a", "b", "a"], timings=Timings(), deadline=soon())
        assert encoder.rows == 3
        assert alone.rows[0] is alone.rows[2]
        assert alone.cached == 1
        await trunk.embed(["b"], timings=Timings(), deadline=soon())
        assert encoder.rows == 4

    asyncio.run(run())


def test_rows_keep_their_order_over_many_jobs(trunk: Trunk) -> None:
    async def run() -> None:
        texts = [f"text {number}" for number in range(25)]
        together = await trunk.embed(texts, timings=Timings(), deadline=soon())
        for text, row in zip(texts, together.rows, strict=True):
            alone = trunk.embed_now(text)
            assert isinstance(row, Embedded)
            assert row.vector.tolist() == alone.vector.tolist()

    asyncio.run(run())


def test_embeddings_cannot_be_changed_by_a_caller(trunk: Trunk) -> None:
    row = trunk.embed_now("a")
    with pytest.raises(ValueError, match="read-only"):
        row.vector[0] = 1


def test_a_long_text_is_cut_and_marked_or_refused(trunk: Trunk) -> None:
    async def run() -> None:
        text = "x" * 40
        for _ in range(2):  # the second time from the cache
            refused = await trunk.embed([text], timings=Timings(), deadline=soon(), keep_whole=True)
            assert isinstance(refused.rows[0], InvalidRequest)
            assert "40 tokens" in refused.rows[0].message
            cut = await trunk.embed([text], timings=Timings(), deadline=soon())
            assert isinstance(cut.rows[0], Embedded)
            assert cut.rows[0].truncated

    asyncio.run(run())


def test_client_gone_while_queued_costs_the_encoder_nothing(
    trunk: Trunk, encoder: FakeEncoder
) -> None:
    async def run() -> None:
        encoder.gate.clear()
        busy = asyncio.create_task(trunk.embed(["busy"], timings=Timings(), deadline=soon()))
        await entered(encoder)
        gone = asyncio.create_task(trunk.embed(["gone"], timings=Timings(), deadline=soon()))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        encoder.gate.set()
        await busy
        await trunk.embed(["after"], timings=Timings(), deadline=soon())
        assert encoder.rows == 2

    asyncio.run(run())


def test_a_full_queue_refuses_and_loses_nothing(trunk: Trunk, encoder: FakeEncoder) -> None:
    async def run() -> None:
        encoder.gate.clear()
        busy = asyncio.create_task(trunk.embed(["busy"], timings=Timings(), deadline=soon()))
        await entered(encoder)
        waiting = [
            asyncio.create_task(trunk.embed([f"w{n}"], timings=Timings(), deadline=soon()))
            for n in range(3)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await trunk.embed(["too many"], timings=Timings(), deadline=soon())
        encoder.gate.set()
        answers = await asyncio.gather(busy, *waiting)
        assert all(isinstance(answer.rows[0], Embedded) for answer in answers)

    asyncio.run(run())


def test_a_deadline_ends_the_wait(trunk: Trunk, encoder: FakeEncoder) -> None:
    async def run() -> None:
        encoder.gate.clear()
        with pytest.raises(DeadlineExceeded):
            await trunk.embed(["a"], timings=Timings(), deadline=time.monotonic() + 0.02)
        encoder.gate.set()

    asyncio.run(run())


def test_a_failing_encoder_is_an_error_of_its_row_and_the_worker_lives_on(
    trunk: Trunk, encoder: FakeEncoder
) -> None:
    async def run() -> None:
        encoder.fail_with = RuntimeError("boom")
        failed = await trunk.embed(["a"], timings=Timings(), deadline=soon())
        assert isinstance(failed.rows[0], CueboxError)
        assert "boom" in failed.rows[0].message
        encoder.fail_with = None
        fine = await trunk.embed(["a"], timings=Timings(), deadline=soon())
        assert isinstance(fine.rows[0], Embedded)

    asyncio.run(run())


def test_single_requests_slip_in_between_a_bulk_request(trunk: Trunk, encoder: FakeEncoder) -> None:
    async def run() -> None:
        encoder.gate.clear()
        bulk = asyncio.create_task(
            trunk.embed([f"row {n}" for n in range(40)], timings=Timings(), deadline=soon())
        )
        await entered(encoder)
        single = asyncio.create_task(trunk.embed(["one"], timings=Timings(), deadline=soon()))
        await asyncio.sleep(0)
        encoder.gate.set()
        await single
        assert encoder.rows < 20
        await bulk

    asyncio.run(run())


def test_phases_are_timed(trunk: Trunk) -> None:
    async def run() -> None:
        timings = Timings()
        await trunk.embed(["a"], timings=timings, deadline=soon())
        assert timings.encode > 0
        assert timings.tokenize > 0
        assert timings.queue > 0

    asyncio.run(run())
