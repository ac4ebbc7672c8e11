"""One connection of a server process to the engine process: its commands in, its answers out."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError
from cuebox.core.generation import Completed, Delta
from cuebox.generation.process.wire import (
    Cancel,
    Failed,
    Finished,
    Generate,
    Hello,
    Load,
    Loaded,
    Pieces,
    Release,
    Score,
    Scored,
    WireError,
    command_frames,
    frame,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cuebox.generation.process.decoders import Decoders
    from cuebox.generation.process.guarded import Answer, Flight, GuardedEngine
    from cuebox.generation.process.wire import Command, Reply

__all__ = ["Peer"]

_log = logging.getLogger(__name__)

_READ_BYTES = 256 * 1024
# A server process that reads nothing while it asks for so much is stuck.
_MOST_UNSENT_BYTES = 64 << 20


class Peer:
    """What one connection has asked for; belongs to the engine's one thread.

    Attributes:
        closed: the connection is over, and all it had asked for is forgotten.
    """

    def __init__(self, connection: socket.socket, decoders: Decoders) -> None:
        connection.settimeout(0)
        self.closed = False
        self._socket = connection
        self._decoders = decoders
        self._frames = command_frames()
        self._unsent = bytearray()
        self._pieces: dict[int, list[Delta]] = {}
        self._flights: dict[int, tuple[GuardedEngine, Flight]] = {}
        self._loads: set[int] = set()
        self.send(Hello(os.getpid()))

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._socket.fileno()

    @property
    def waits(self) -> bool:
        """Whether anything it asked for is unanswered."""
        return bool(self._flights or self._loads)

    @property
    def unsent(self) -> bool:
        """Whether answers wait for room in the socket."""
        return bool(self._unsent)

    def send(self, reply: Reply) -> None:
        """Say something with the next `flush`."""
        self._unsent += frame(reply)

    def receive(self) -> None:
        """Read and obey what has arrived; a connection that ended or talks nonsense is closed."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for command in self._frames.feed(data):
                self._obey(command)
        except WireError as error:
            _log.warning("a connection is closed: %s", error)
            self.close()

    def flush(self) -> None:
        """Send what there is to say, as far as the socket takes it."""
        for call, deltas in self._pieces.items():
            self.send(Pieces(call, deltas))
        self._pieces.clear()
        if not self._unsent or self.closed:
            return
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        del self._unsent[:sent]
        if len(self._unsent) > _MOST_UNSENT_BYTES:
            _log.warning("a connection that reads nothing is closed")
            self.close()

    def close(self) -> None:
        """Cancel its requests, release its decoders, close the socket."""
        if self.closed:
            return
        self.closed = True
        for engine, flight in self._flights.values():
            engine.cancel(flight)
        self._flights.clear()
        self._pieces.clear()
        self._decoders.forget(self)
        self._socket.close()

    def _obey(self, command: Command) -> None:
        match command:
            case Generate():
                self._attempt(command.call, lambda: self._generate(command))
            case Cancel(call):
                self._cancel(call)
            case Score():
                self._attempt(command.call, lambda: self._score(command))
            case Load():
                self._load(command)
            case Release(decoder):
                self._decoders.release(self, decoder)

    def _attempt(self, call: int, work: Callable[[], None]) -> None:
        try:
            work()
        except CueboxError as error:
            self.send(Failed.of(call, error))
        except Exception as error:
            _log.exception("a command failed")
            self.send(Failed.of(call, error))

    def _generate(self, command: Generate) -> None:
        engine = self._decoders.find(self, command.decoder)
        call = command.call
        ended = False

        def sink(answer: Answer) -> None:
            nonlocal ended
            if isinstance(answer, Delta):
                self._pieces.setdefault(call, []).append(answer)
            else:
                ended = True
                self._end(call, answer)

        flight = engine.submit(command.request, sink)
        if not ended:
            self._flights[call] = engine, flight

    def _end(self, call: int, answer: Completed | CueboxError) -> None:
        self._flights.pop(call, None)
        if deltas := self._pieces.pop(call, None):
            self.send(Pieces(call, deltas))
        if isinstance(answer, Completed):
            self.send(Finished(call, answer))
        else:
            self.send(Failed.of(call, answer))

    def _cancel(self, call: int) -> None:
        engine, flight = self._flights.pop(call, (None, None))
        if engine is not None and flight is not None:
            engine.cancel(flight)
            self._pieces.pop(call, None)

    def _score(self, command: Score) -> None:
        engine = self._decoders.find(self, command.decoder)
        self.send(Scored(command.call, engine.logprobs(command.prompt)))

    def _load(self, command: Load) -> None:
        call = command.call
        self._loads.add(call)

        def done(error: CueboxError | None) -> None:
            self._loads.discard(call)
            if not self.closed:
                self.send(Loaded(call) if error is None else Failed.of(call, error))

        self._decoders.load(self, command, done)
