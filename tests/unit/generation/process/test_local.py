"""A generator in a thread of this process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import CueboxError, InvalidRequest, Unavailable
from cuebox.core.generation import Completed, Delta, GenerateRequest
from cuebox.generation.process.local import LocalGenerator
from tests.fakes.engine import EngineRoom, fake_spec

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def room() -> EngineRoom:
    return EngineRoom()


@pytest.fixture
def generator(room: EngineRoom) -> Iterator[LocalGenerator]:
    made = LocalGenerator(room.open(fake_spec(), Path(), Path()))
    yield made
    made.release()


def test_an_answer(generator: LocalGenerator) -> None:
    answer = generator.complete(GenerateRequest(prompt="ab", max_tokens=3))
    assert [choice.text for choice in answer.choices] == ["ABA"]


def test_a_stream(generator: LocalGenerator) -> None:
    async def go() -> str:
        text = ""
        async for item in generator.stream(GenerateRequest(prompt="ab", max_tokens=3, stream=True)):
            if isinstance(item, Delta):
                text += item.text
            else:
                assert isinstance(item, Completed)
        return text

    assert asyncio.run(go()) == "ABA"


def test_many_callers_share_it(generator: LocalGenerator) -> None:
    async def one(prompt: str) -> str:
        request = GenerateRequest(prompt=prompt, max_tokens=4)
        items = [item async for item in generator.stream(request)]
        assert isinstance(items[0], Completed)
        return items[0].choices[0].text

    async def go() -> list[str]:
        return await asyncio.gather(*(one(text) for text in ("ab", "cd", "ef")))

    assert asyncio.run(go()) == ["ABAB", "CDCD", "EFEF"]


def test_scores_of_text_and_of_tokens(generator: LocalGenerator) -> None:
    assert generator.logprobs("abc") == [-98.0, -99.0]
    assert generator.logprobs([1, 2]) == [-2.0]
    with pytest.raises(InvalidRequest):
        generator.logprobs("")


def test_a_refused_request(generator: LocalGenerator) -> None:
    with pytest.raises(InvalidRequest):
        generator.complete(GenerateRequest(prompt="refuse"))


def test_who_leaves_is_cancelled(generator: LocalGenerator, room: EngineRoom) -> None:
    async def go() -> None:
        request = GenerateRequest(prompt="ab", max_tokens=10**9, stream=True)
        stream = generator.stream(request)
        await anext(stream)
        await stream.aclose()

    asyncio.run(go())
    generator.logprobs("a b")  # whatever was asked before it has been done
    assert room.engines[0].cancelled == 1
    assert not room.engines[0].busy


def test_a_cancelled_task_frees_its_place(generator: LocalGenerator, room: EngineRoom) -> None:
    async def ask() -> None:
        async for _ in generator.stream(GenerateRequest(prompt="ab", max_tokens=10**9)):
            pass

    async def go() -> None:
        task = asyncio.create_task(ask())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())
    generator.logprobs("a b")
    assert not room.engines[0].busy


def test_a_fault_costs_the_requests_of_the_moment(
    generator: LocalGenerator, room: EngineRoom, caplog: pytest.LogCaptureFixture
) -> None:
    room.engines[0].fault = RuntimeError("kaput")
    with pytest.raises(CueboxError, match="RuntimeError: kaput"):
        generator.complete(GenerateRequest(prompt="ab"))
    assert "kaput" in caplog.text
    assert generator.complete(GenerateRequest(prompt="ab", max_tokens=1)).choices[0].text == "A"
    assert len(room.engines) == 2


def test_a_released_generator_refuses(room: EngineRoom) -> None:
    spec = fake_spec()
    generator = LocalGenerator(room.open(spec, Path(), Path()))
    generator.release()
    generator.release()
    assert room.models[spec.digest].closed.is_set()
    with pytest.raises(Unavailable):
        generator.complete(GenerateRequest(prompt="ab"))
