"""Keeps a server process connected to the engine process, and its decoders loaded there."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import CueboxError, Unavailable
from cuebox.generation.process.connection import EngineDied, open_connection
from cuebox.generation.process.wire import Load, Release

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.ports import GeneratorMeters
    from cuebox.generation.process.connection import Connection
    from cuebox.generation.process.wire import Pulse

__all__ = ["Link", "Patience", "engine_down"]

_log = logging.getLogger(__name__)

_RETRY_AFTER = 1.0
_RECONNECT_SECONDS = 0.1
_LOOK_SECONDS = 1.0
# Readiness goes after this part of the patience with a silent engine.
_EARLY_DOUBT = 4
# Between the signal that makes a stuck engine print where it is and the one that ends it.
_LAST_WORDS_SECONDS = 2.0


class Patience(msgspec.Struct, frozen=True):
    """Seconds that something may take before it is given up.

    Attributes:
        start: the engine process to be there when a decoder is opened.
        load: one decoder to be opened.
        recovery: a request that the engine's death interrupted to find a new engine.
        silence: the engine to say anything, its pulse at least, while it is asked something;
            after that it is killed.
    """

    start: float = 60.0
    load: float = 180.0
    recovery: float = 5.0
    silence: float = 20.0


class _Held:
    """A decoder that generators of this process use.

    Attributes:
        users: how many.
        loaded: it was open once, so a new engine opens it without being asked.
        fault: why a new engine could not.
    """

    def __init__(self, spec: DecoderSpec, weights: str, tokenizer: str) -> None:
        self.spec = spec
        self.weights = weights
        self.tokenizer = tokenizer
        self.users = 0
        self.loaded = False
        self.fault = ""


class Link:
    """One connection that is made again whenever it ends; a property of one event loop.

    Args:
        path: the engine's socket.
    """

    def __init__(self, path: Path, meters: GeneratorMeters, patience: Patience) -> None:
        self._path = str(path)
        self._meters = meters
        self._patience = patience
        self._held: dict[str, _Held] = {}
        self._connection: Connection | None = None
        self._changed = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def trouble(self) -> str:
        """Why nothing can be generated right now; empty when all is well."""
        if not self._held:
            return ""
        connection = self._alive
        if connection is None:
            return "the engine process of completions is down and is being started again"
        if connection.silence > self._patience.silence / _EARLY_DOUBT:
            return f"the engine process has said nothing for {connection.silence:.0f} s"
        return next((held.fault for held in self._held.values() if held.fault), "")

    async def connection(self, patience: float) -> Connection:
        """The connection, once it is there and everything held is loaded.

        Raises:
            Unavailable: it was not there within `patience` seconds, or the link is closed.
        """
        connection = self._alive
        if connection is None and patience:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    while connection is None and not self._closed:
                        self._changed.clear()
                        await self._changed.wait()
                        connection = self._alive
        if connection is None:
            raise engine_down()
        return connection

    async def hold(self, spec: DecoderSpec, weights: str, tokenizer: str) -> None:
        """Load a decoder, and load it again into every new engine until it is dropped.

        Raises:
            ModelError: it cannot be opened.
            Unavailable: there is no engine, or it died, or it takes too long.
        """
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep(), name="engine-link")
        held = self._held.setdefault(spec.digest, _Held(spec, weights, tokenizer))
        held.users += 1
        try:
            await self._load_first(held)
        except BaseException:
            self.drop(spec.digest)
            raise

    def drop(self, digest: str) -> None:
        """Undo one `hold`."""
        held = self._held[digest]
        held.users -= 1
        if not held.users:
            del self._held[digest]
            connection = self._alive
            if connection is not None:
                connection.tell(Release(digest))

    async def close(self) -> None:
        """End the connection; whoever waits for it or for an answer is told."""
        self._closed = True
        self._changed.set()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    @property
    def _alive(self) -> Connection | None:
        connection = self._connection
        return None if connection is None or connection.ended.done() else connection

    async def _keep(self) -> None:
        """Connect, load, watch; again and again."""
        while True:
            try:
                connection = await open_connection(self._path, self._on_pulse)
            except (OSError, EngineDied):
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            try:
                for held in list(self._held.values()):
                    await self._load_again(connection, held)
                self._connection = connection
                self._changed.set()
                await self._watch(connection)
            except EngineDied:
                pass
            finally:
                self._connection = None
                self._meters.show({})
                connection.close()
            _log.warning("the connection to the engine process is lost")

    async def _load_first(self, held: _Held) -> None:
        """Load for the first time; a death that has another cause may come between once."""
        for last_try in (False, True):
            connection = await self.connection(self._patience.start)
            try:
                await self._load(connection, held)
            except EngineDied:
                if last_try:
                    raise engine_down() from None
            else:
                return

    async def _load_again(self, connection: Connection, held: _Held) -> None:
        """Load into a new engine what the one before had; what cannot be is kept as a fault."""
        if held.loaded:
            try:
                await self._load(connection, held)
            except CueboxError as error:
                if error.message != held.fault:
                    _log.error("cannot load %s again: %s", held.spec.digest[:12], error.message)
                held.fault = error.message

    async def _load(self, connection: Connection, held: _Held) -> None:
        call = connection.call(lambda number: Load(number, held.spec, held.weights, held.tokenizer))
        try:
            async with asyncio.timeout(self._patience.load):
                await call.answer()
        except TimeoutError:
            raise Unavailable(
                f"decoder {held.spec.digest[:12]} was not open after {self._patience.load:g} s"
            ) from None
        held.loaded = True
        held.fault = ""

    async def _watch(self, connection: Connection) -> None:
        """Until the connection ends: kill an engine that is stuck, try again what failed."""
        while not connection.ended.done():
            await asyncio.wait([connection.ended], timeout=_LOOK_SECONDS)
            for held in [each for each in self._held.values() if each.fault]:
                await self._load_again(connection, held)
            if connection.silence > self._patience.silence:
                _log.error("the engine process said nothing for %.0f s", connection.silence)
                await _kill(connection)

    def _on_pulse(self, pulse: Pulse) -> None:
        if pulse.gauges:
            self._meters.show({(name, digest): value for name, digest, value in pulse.gauges})
        for name, digest, amount in pulse.counts:
            self._meters.count(name, digest, amount)


def engine_down() -> Unavailable:
    """What a request is told when no engine answers it."""
    return Unavailable(
        "the engine process of completions is down and is being started again: "
        f"try again in {_RETRY_AFTER:g} s",
        retry_after=_RETRY_AFTER,
    )


async def _kill(connection: Connection) -> None:
    """Let the engine say where it is stuck, then end it."""
    for number in (signal.SIGABRT, signal.SIGKILL):
        if not connection.ended.done():
            with suppress(ProcessLookupError):
                os.kill(connection.pid, number)
            await asyncio.wait([connection.ended], timeout=_LAST_WORDS_SECONDS)
