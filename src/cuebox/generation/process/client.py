"""Generators whose decoders live in the engine process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from cuebox.generation.process.connection import EngineDied
from cuebox.generation.process.link import Link, Patience, engine_down
from cuebox.generation.process.wire import Finished, Generate, Pieces, Score, Scored

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Sequence
    from pathlib import Path
    from typing import Any

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import Completed, Delta, GenerateRequest
    from cuebox.core.ports import GeneratorMeters

__all__ = ["Keeper", "RemoteGenerator", "RemoteHost"]

T = TypeVar("T")


class Keeper(Protocol):
    """Who starts the engine process and replaces it when it dies; the calls block."""

    @property
    def socket(self) -> Path:
        """Where the engine listens."""
        ...

    def start(self) -> None:
        """From now on there is an engine process; a second call does nothing."""
        ...

    def stop(self) -> None:
        """The engine process is no longer needed."""
        ...


class RemoteHost:
    """`core.ports.GeneratorHost` over the engine's socket; belongs to one event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        keeper: Keeper,
        meters: GeneratorMeters,
        *,
        engine: str,
        patience: Patience | None = None,
    ) -> None:
        self.engine = engine
        self._loop = loop
        self._keeper = keeper
        self._patience = patience or Patience()
        self._link = Link(keeper.socket, meters, self._patience)

    def open(self, spec: DecoderSpec, weights: Path, tokenizer: Path) -> RemoteGenerator:
        """Load, or share what is loaded; blocks, so not in the loop's thread."""
        self._keeper.start()
        self._wait_for(self._link.hold(spec, str(weights), str(tokenizer)))
        return RemoteGenerator(spec, self)

    @property
    def trouble(self) -> str:
        """Why nothing can be generated right now; empty when all is well."""
        return self._link.trouble

    async def close(self) -> None:
        """End the connection, and the engine process if it is this server's own."""
        await self._link.close()
        await asyncio.to_thread(self._keeper.stop)

    def drop(self, digest: str) -> None:
        """One generator of a decoder is released; from any thread."""
        with suppress(RuntimeError):  # the loop has ended, and the connection with it
            self._loop.call_soon_threadsafe(self._link.drop, digest)

    def score(self, digest: str, prompt: str | Sequence[int]) -> list[float]:
        """See `core.ports.Generator.logprobs`."""
        return self._wait_for(self._score(digest, prompt))

    async def generate(
        self, digest: str, request: GenerateRequest
    ) -> AsyncGenerator[Delta | Completed, None]:
        """See `core.ports.Generator.stream`.

        A request whose engine dies before anything of its answer was passed on is sent once
        more, to the engine that takes its place.
        """
        began = self._loop.time()
        connection = await self._link.connection(0.0)
        said_anything = False
        for last_try in (False, True):
            call = None
            try:
                call = connection.call(lambda number: Generate(number, digest, request))  # noqa: B023
                while True:
                    said = await call.answer()
                    if isinstance(said, Finished):
                        yield said.completed
                        return
                    if isinstance(said, Pieces):
                        said_anything = True
                        for delta in said.deltas:
                            yield delta
            except EngineDied:
                if said_anything or last_try:
                    raise engine_down() from None
            finally:
                if call is not None:
                    connection.forget(call)
            connection = await self._link.connection(self._patience.recovery)
            request = _in_what_is_left(request, self._loop.time() - began)

    async def _score(self, digest: str, prompt: str | Sequence[int]) -> list[float]:
        connection = await self._link.connection(self._patience.start)
        tokens = prompt if isinstance(prompt, str) else list(prompt)
        try:
            said = await connection.call(lambda number: Score(number, digest, tokens)).answer()
        except EngineDied:
            raise engine_down() from None
        return said.logprobs if isinstance(said, Scored) else []

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class RemoteGenerator:
    """`core.ports.Generator` of a decoder in the engine process."""

    def __init__(self, spec: DecoderSpec, host: RemoteHost) -> None:
        self.spec = spec
        self._digest = spec.digest
        self._host = host

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Delta | Completed, None]:
        """Deltas if the request streams, then one `Completed`; see the port."""
        return self._host.generate(self._digest, request)

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        """See the port; not in the loop's thread."""
        return self._host.score(self._digest, prompt)

    def release(self) -> None:
        """No longer needed."""
        self._host.drop(self._digest)


def _in_what_is_left(request: GenerateRequest, spent: float) -> GenerateRequest:
    """The same request, with the time it has lost taken off its budget.

    Raises:
        Unavailable: none is left.
    """
    if request.max_time_ms is None:
        return request
    left = request.max_time_ms - spent * 1e3
    if left <= 0:
        raise engine_down()
    return msgspec.structs.replace(request, max_time_ms=left)
