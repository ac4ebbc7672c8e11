"""Server processes and the engine process, with the border between them real and the rest fake."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from cuebox.core.errors import Conflict, InvalidRequest, ModelError, Unavailable
from cuebox.core.generation import Completed, Delta, GenerateRequest
from cuebox.generation.process.client import RemoteHost
from cuebox.generation.process.host import Host
from cuebox.generation.process.link import Patience
from tests.fakes.engine import EngineRoom, fake_spec

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Coroutine,
        Iterator,
        Mapping,
    )

    from cuebox.generation.process.client import RemoteGenerator


class ThreadKeeper:
    """`Keeper` of an engine "process" that is a thread, so that tests can look into it.

    Attributes:
        room: the engines of the latest one.
    """

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "engine.sock"
        self.room = EngineRoom()
        self.starts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self._listener.listen()
        self._lifeline = -1
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self.starts += 1
            ours, self._lifeline = os.pipe()
            host = Host(
                self._listener.dup(), ours, self.room.open, grace=5, restarted=self.starts > 1
            )
            self._thread = threading.Thread(target=self._run, args=(host, ours))
            self._thread.start()

    def die(self) -> None:
        """As by SIGKILL: the connections break, and nothing is said."""
        if self._thread is not None:
            os.close(self._lifeline)
            self.room.gate.set()
            for engine in self.room.engines:
                engine.gate.set()
            self._thread.join(10)
            assert not self._thread.is_alive()
            self._thread = None

    def replace(self) -> None:
        """Another engine takes the place of the one that died."""
        self.room = EngineRoom()
        self.start()

    def stop(self) -> None:
        self.die()

    def close(self) -> None:
        self._listener.close()

    @staticmethod
    def _run(host: Host, lifeline: int) -> None:
        host.run()
        os.close(lifeline)


class Meters:
    def __init__(self) -> None:
        self.gauges: dict[tuple[str, str], float] = {}
        self.counts: dict[str, float] = {}

    def show(self, gauges: Mapping[tuple[str, str], float]) -> None:
        self.gauges = dict(gauges)

    def count(self, name: str, decoder: str, amount: float) -> None:
        self.counts[name] = self.counts.get(name, 0.0) + amount


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadKeeper]:
    # The engine is a thread of this process, which on a busy machine may be silent for long.
    monkeypatch.setattr(os, "kill", lambda _pid, _number: None)
    made = ThreadKeeper(tmp_path)
    yield made
    made.die()
    made.close()


@asynccontextmanager
async def remote(
    keeper: ThreadKeeper, meters: Meters | None = None, patience: Patience | None = None
) -> AsyncIterator[RemoteHost]:
    loop = asyncio.get_running_loop()
    host = RemoteHost(loop, keeper, meters or Meters(), engine="fake", patience=patience)
    try:
        yield host
    finally:
        await host.close()


async def opened(host: RemoteHost, name: str = "a") -> RemoteGenerator:
    return await asyncio.to_thread(host.open, fake_spec(name), Path("w"), Path("t"))


async def text_of(generator: RemoteGenerator, prompt: str, **options: object) -> str:
    request = GenerateRequest(prompt=prompt, **options)  # type: ignore[arg-type]
    (answer,) = [item async for item in generator.stream(request)]
    assert isinstance(answer, Completed)
    return answer.choices[0].text


def run(keeper: ThreadKeeper, use: Callable[[RemoteHost], Awaitable[None]]) -> None:
    async def go() -> None:
        async with remote(keeper) as host:
            await use(host)

    run_on_loop(go())


def run_on_loop(work: Coroutine[Any, Any, None]) -> None:
    """On the kind of loop that the server has."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is awaited happens in another thread
            await asyncio.sleep(0.005)


def test_answers_and_scores(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        assert await text_of(generator, "ab", max_tokens=3) == "ABA"
        assert await asyncio.to_thread(generator.logprobs, "abc") == [-98.0, -99.0]
        assert await asyncio.to_thread(generator.logprobs, [1, 5]) == [-5.0]
        assert host.trouble == ""

    run(keeper, use)


def test_a_stream_comes_in_pieces(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        request = GenerateRequest(prompt="ab", max_tokens=3, stream=True)
        items = [item async for item in generator.stream(request)]
        assert [item.text for item in items if isinstance(item, Delta)] == ["A", "B", "A"]
        assert isinstance(items[-1], Completed)

    run(keeper, use)


def test_many_at_once(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        texts = [chr(ord("a") + number % 26) for number in range(200)]
        answers = await asyncio.gather(*(text_of(generator, text, max_tokens=5) for text in texts))
        assert answers == [text.upper() * 5 for text in texts]

    run(keeper, use)


def test_errors_are_those_of_the_engine(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        with pytest.raises(InvalidRequest, match="refuses") as caught:
            await text_of(generator, "refuse")
        assert caught.value.param == "prompt"
        with pytest.raises(InvalidRequest, match="surrogate"):
            await text_of(generator, "\ud800")
        with pytest.raises(InvalidRequest, match="nothing to score"):
            await asyncio.to_thread(generator.logprobs, "")
        keeper.room.refuse = ModelError("the weights are damaged")
        with pytest.raises(ModelError, match="damaged"):
            await opened(host, "b")
        keeper.room.refuse = OSError("no such file")
        with pytest.raises(ModelError, match="OSError: no such file"):
            await opened(host, "b")
        assert await text_of(generator, "ab", max_tokens=1) == "A"

    run(keeper, use)


def test_a_newer_request_of_the_session_supersedes(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        older = asyncio.create_task(text_of(generator, "ab", max_tokens=10**9, session="s"))
        await until(lambda: keeper.room.engines[0].busy)
        assert await text_of(generator, "cd", max_tokens=2, session="s") == "CD"
        with pytest.raises(Conflict):
            await older

    run(keeper, use)


@pytest.mark.parametrize("stream", [False, True])
def test_who_leaves_is_gone_before_the_next_step(keeper: ThreadKeeper, *, stream: bool) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        engine = keeper.room.engines[0]
        request = GenerateRequest(prompt="ab", max_tokens=10**9, stream=stream)

        async def ask() -> None:
            async for _ in generator.stream(request):
                pass

        asking = asyncio.create_task(ask())
        await until(lambda: engine.steps > 3)
        engine.gate.clear()  # the step that is in the machine now is its last
        steps = engine.steps
        asking.cancel()
        await asyncio.wait([asking])
        # Written by now, for the socket has room: the engine will find it after this step.
        engine.gate.set()
        await until(lambda: not engine.busy)
        assert engine.cancelled == 1
        assert engine.steps <= steps + 1

    run(keeper, use)


def test_a_server_process_that_dies_leaves_nothing_behind(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        async with remote(keeper) as living, remote(keeper) as dying:
            one, other = await opened(living), await opened(dying)
            asking = asyncio.create_task(text_of(other, "ab", max_tokens=10**9))
            await until(lambda: keeper.room.engines[0].busy)
            await dying._link.close()
            with pytest.raises(Unavailable):
                await asking
            await until(lambda: not keeper.room.engines[0].busy)
            assert await text_of(one, "ab", max_tokens=2) == "AB"
        assert keeper.room.opened == 1

    run_on_loop(go())


def test_one_copy_for_all_and_gone_with_the_last(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        async with remote(keeper) as here, remote(keeper) as there:
            first, second, third = await opened(here), await opened(here), await opened(there)
            assert keeper.room.opened == 1
            model = keeper.room.models[fake_spec().digest]
            first.release()
            third.release()
            assert await text_of(second, "ab", max_tokens=2) == "AB"
            assert not model.closed.is_set()
            second.release()
            await asyncio.to_thread(model.closed.wait, 10)
            assert model.closed.is_set()
            again = await opened(there)
            assert keeper.room.opened == 2
            assert await text_of(again, "ab", max_tokens=2) == "AB"

    run_on_loop(go())


def test_a_model_nobody_waits_for_any_more_is_closed_when_it_is_open(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        patience = Patience(load=0.05)
        async with remote(keeper, patience=patience) as hasty:
            keeper.room.gate.clear()
            with pytest.raises(Unavailable, match="was not open after"):
                await opened(hasty)
            keeper.room.gate.set()
            await until(lambda: bool(keeper.room.models))
            model = keeper.room.models[fake_spec().digest]
            await asyncio.to_thread(model.closed.wait, 10)
            assert model.closed.is_set()

    run_on_loop(go())


def test_requests_that_have_sent_nothing_are_sent_again(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        keeper.room.engines[0].gate.clear()
        asking = asyncio.create_task(text_of(generator, "ab", max_tokens=3))
        await until(lambda: keeper.room.engines[0].busy)
        keeper.die()
        await until(lambda: host.trouble != "")
        with pytest.raises(Unavailable) as caught:
            await text_of(generator, "cd")
        assert caught.value.retry_after == 1.0
        keeper.replace()
        assert await asking == "ABA"
        assert host.trouble == ""

    run(keeper, use)


def test_what_was_begun_is_not_begun_again(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        stream = generator.stream(GenerateRequest(prompt="ab", max_tokens=10**9, stream=True))
        await anext(stream)
        keeper.die()
        with pytest.raises(Unavailable):
            async for _ in stream:
                pass
        keeper.replace()
        await until(lambda: host.trouble == "")
        assert not keeper.room.engines[0].busy

    run(keeper, use)


def test_a_request_that_kills_every_engine_is_not_tried_for_ever(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        asking = asyncio.create_task(text_of(generator, "ab", max_tokens=10**9))
        await until(lambda: keeper.room.engines[0].busy)
        keeper.die()
        keeper.replace()
        await until(lambda: bool(keeper.room.engines) and keeper.room.engines[0].busy)
        keeper.die()
        with pytest.raises(Unavailable):
            await asking
        keeper.replace()
        await until(lambda: host.trouble == "")

    run(keeper, use)


def test_a_request_waits_for_a_new_engine_only_so_long(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        async with remote(keeper, patience=Patience(recovery=0.05)) as host:
            generator = await opened(host)
            asking = asyncio.create_task(text_of(generator, "ab", max_tokens=10**9))
            await until(lambda: keeper.room.engines[0].busy)
            keeper.die()
            with pytest.raises(Unavailable):
                await asking

    run_on_loop(go())


def test_a_time_budget_goes_on_while_the_engine_is_replaced(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        asking = asyncio.create_task(text_of(generator, "ab", max_tokens=10**9, max_time_ms=1.0))
        await until(lambda: keeper.room.engines[0].busy)
        keeper.die()
        keeper.replace()
        with pytest.raises(Unavailable):
            await asking

    run(keeper, use)


def test_an_engine_that_never_starts(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        async with remote(keeper, patience=Patience(start=0.05)) as host:
            keeper.start = lambda: None  # type: ignore[method-assign]
            with pytest.raises(Unavailable):
                await opened(host)
            assert host.trouble == ""

    run_on_loop(go())


def test_closing_frees_whoever_waits(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        keeper.room.gate.clear()
        async with remote(keeper) as host:
            opening = asyncio.create_task(opened(host))
            await until(lambda: host._link._alive is not None)
        with pytest.raises(Unavailable):
            await opening

    run_on_loop(go())


def test_a_model_that_cannot_be_loaded_again_is_trouble(keeper: ThreadKeeper) -> None:
    async def use(host: RemoteHost) -> None:
        one, other = await opened(host, "a"), await opened(host, "b")
        keeper.die()
        keeper.replace()
        keeper.room.refuse = ModelError("the file is gone")
        await until(lambda: "file is gone" in host.trouble)
        for generator in (one, other):
            with pytest.raises(Unavailable, match="not loaded"):
                await text_of(generator, "ab")
        keeper.room.refuse = None
        await until(lambda: host.trouble == "")
        assert await text_of(one, "ab", max_tokens=1) == "A"

    run(keeper, use)


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\x03\0\0\0abc", b"GET / HTTP/1.1\r\n"])
def test_garbage_on_the_socket_harms_nobody_else(keeper: ThreadKeeper, garbage: bytes) -> None:
    async def use(host: RemoteHost) -> None:
        generator = await opened(host)
        asking = asyncio.create_task(text_of(generator, "ab", max_tokens=2_000))
        reader, writer = await asyncio.open_unix_connection(str(keeper.socket))
        writer.write(garbage)
        writer.write_eof()
        while await reader.read(1024):
            pass
        writer.close()
        await writer.wait_closed()
        assert await asking == "AB" * 1_000

    run(keeper, use)


def test_one_process_reports_for_all(keeper: ThreadKeeper) -> None:
    async def go() -> None:
        meters = [Meters(), Meters()]
        async with remote(keeper, meters[0]) as here, remote(keeper, meters[1]) as there:
            first, second = await opened(here), await opened(there)
            for _ in range(10):
                await text_of(first, "ab", max_tokens=2)
                await text_of(second, "ab", max_tokens=3)
            digest = fake_spec().digest
            await until(lambda: any(each.counts.get("steps_total") == 50 for each in meters))
            reporting = [each for each in meters if each.counts]
            assert len(reporting) == 1
            gauges = dict(reporting[0].gauges)
            assert gauges.pop(("resident_bytes", "")) > 0
            assert gauges == {("running_requests", digest): 0.0}
            assert "restarts_total" not in reporting[0].counts
            keeper.die()
            keeper.replace()
            await until(lambda: here.trouble == there.trouble == "")
            await text_of(first, "ab", max_tokens=4)
            await until(lambda: sum(each.counts.get("steps_total", 0) for each in meters) == 54)
            assert sum(each.counts.get("restarts_total", 0) for each in meters) == 1

    run_on_loop(go())


def test_an_engine_that_says_nothing_is_killed(
    keeper: ThreadKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals: list[int] = []

    def kill(pid: int, number: int) -> None:
        assert pid == os.getpid()  # the engine is a thread of this process
        signals.append(number)
        if number == signal.SIGKILL:
            keeper.die()

    async def go() -> None:
        async with remote(keeper, patience=Patience(silence=0.2, recovery=0.0)) as host:
            generator = await opened(host)
            monkeypatch.setattr(os, "kill", kill)
            keeper.room.engines[0].gate.clear()
            asking = asyncio.create_task(text_of(generator, "ab", max_tokens=10**9))
            await until(lambda: "said nothing" in host.trouble)
            assert signals == []
            with pytest.raises(Unavailable):
                await asking

    run_on_loop(go())
    assert signals == [signal.SIGABRT, signal.SIGKILL]
