"""A server process's end of the connection to the engine process; lives on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from cuebox.core.errors import InvalidRequest
from cuebox.generation.process.wire import (
    Cancel,
    Failed,
    Hello,
    Pieces,
    Pulse,
    WireError,
    frame,
    reply_frames,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.generation.process.wire import Command, Finished, Loaded, Scored

    Said = Loaded | Scored | Pieces | Finished | Failed

__all__ = ["Call", "Connection", "EngineDied", "open_connection"]


class EngineDied(Exception):
    """The connection ended before the answer did."""


class Call:
    """One command that is answered, and what has been said to it so far."""

    __slots__ = ("_said", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self._said: asyncio.Queue[Said | None] = asyncio.Queue()

    def put(self, said: Said | None) -> None:
        """Add what the engine said; None when it died."""
        self._said.put_nowait(said)

    async def answer(self) -> Said:
        """What it says next.

        Raises:
            CueboxError: what went wrong with the command.
            EngineDied: nothing more will be said.
        """
        said = await self._said.get()
        if said is None:
            raise EngineDied
        if isinstance(said, Failed):
            raise said.error()
        return said


class Connection(asyncio.Protocol):
    """Commands out, replies to whoever waits for them.

    Attributes:
        pid: the engine process; valid once it said hello.
        ended: done when the connection is lost.
    """

    def __init__(self, pulse: Callable[[Pulse], None]) -> None:
        loop = asyncio.get_running_loop()
        self.pid = 0
        self.ended: asyncio.Future[None] = loop.create_future()
        self._greeted: asyncio.Future[None] = loop.create_future()
        self._now = loop.time
        self._pulse = pulse
        self._frames = reply_frames()
        self._calls: dict[int, Call] = {}
        self._numbers = 0
        self._heard = 0.0
        self._transport: asyncio.Transport | None = None

    async def greeted(self) -> None:
        """Wait for the engine's hello.

        Raises:
            EngineDied: the connection ended before.
        """
        await asyncio.wait((self._greeted, self.ended), return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            raise EngineDied

    @property
    def silence(self) -> float:
        """Seconds for which the engine has said nothing although it was asked something."""
        return self._now() - self._heard if self._calls else 0.0

    def call(self, command: Callable[[int], Command]) -> Call:
        """Send a command that is answered, made with the number of its call.

        Raises:
            InvalidRequest: it cannot be written as UTF-8.
            EngineDied: the connection has ended.
        """
        self._numbers += 1
        call = Call(self._numbers)
        try:
            self.tell(command(call.number))
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                f"half a surrogate pair at character {error.start} is no text", param="prompt"
            ) from None
        if not self._calls:
            self._heard = self._now()
        self._calls[call.number] = call
        return call

    def tell(self, command: Command) -> None:
        """Send a command.

        Raises:
            EngineDied: the connection has ended.
        """
        if self._transport is None or self.ended.done():
            raise EngineDied
        self._transport.write(frame(command))

    def forget(self, call: Call) -> None:
        """Nobody waits for this call any more; one that is not answered yet is cancelled."""
        if self._calls.pop(call.number, None) is not None and not self.ended.done():
            self.tell(Cancel(call.number))

    def close(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        # Not isinstance: the transports of uvloop have nobody's base class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._heard = self._now()
        try:
            for reply in self._frames.feed(data):
                if isinstance(reply, Pulse):
                    self._pulse(reply)
                elif isinstance(reply, Hello):
                    self.pid = reply.pid
                    if not self._greeted.done():
                        self._greeted.set_result(None)
                else:
                    self._pass_on(reply)
        except WireError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Called by the loop."""
        if not self.ended.done():
            self.ended.set_result(None)
        for call in self._calls.values():
            call.put(None)
        self._calls.clear()

    def _pass_on(self, said: Said) -> None:
        call = self._calls.get(said.call)
        if call is None:
            return
        if not isinstance(said, Pieces):
            del self._calls[said.call]
        call.put(said)


async def open_connection(path: str, pulse: Callable[[Pulse], None]) -> Connection:
    """Connect to the engine's socket and wait for its hello.

    Raises:
        OSError: nobody listens there.
        EngineDied: it ended before it said anything.
    """
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_unix_connection(lambda: Connection(pulse), path)
    try:
        await connection.greeted()
    except BaseException:
        connection.close()
        raise
    return connection
