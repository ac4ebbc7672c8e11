"""The engine process's one loop: commands, one decoding step, answers, and again.

All of it is one thread. Between two steps of a small model (0.7 ms) there is no time to hand the
interpreter from a thread that reads to one that steps; a look at the sockets takes microseconds.
"""

from __future__ import annotations

import logging
import math
import select
import socket
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from cuebox.generation.process.decoders import Decoders
from cuebox.generation.process.peer import Peer
from cuebox.generation.process.pulse import Heart

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.generation.process.guarded import GuardedEngine

__all__ = ["Host"]

_log = logging.getLogger(__name__)


class Host:
    """Serves decoders to the server processes that connect; belongs to the thread of `run`.

    Args:
        listener: where they connect; listens already.
        lifeline: read end of a pipe whose other end is the parent's: when that is gone, so is
            this process.
        open_engine: opens a decoder; called in threads of their own.
        grace: seconds after `stop` in which connections may go on.
        restarted: this process took the place of one that died, which is counted.
    """

    def __init__(
        self,
        listener: socket.socket,
        lifeline: int,
        open_engine: Callable[[DecoderSpec, Path, Path], GuardedEngine],
        *,
        grace: float,
        restarted: bool = False,
    ) -> None:
        self._listener = listener
        self._lifeline = lifeline
        self._grace = grace
        self._woken, self._waker = socket.socketpair()
        self._decoders = Decoders(open_engine, self._wake)
        self._heart = Heart(self._decoders, restarted=restarted)
        self._peers: dict[int, Peer] = {}
        self._writing: set[int] = set()
        self._orphaned = False
        self._stop_at = math.inf
        self._poll = select.poll()
        for end in (self._woken, self._waker, listener):
            end.settimeout(0)
        for descriptor in (self._woken.fileno(), listener.fileno(), lifeline):
            self._poll.register(descriptor, select.POLLIN)

    def run(self) -> None:
        """Until stopped, or orphaned."""
        try:
            while not self._finished():
                for descriptor, events in self._poll.poll(self._patience()):
                    self._handle(descriptor, events)
                self._decoders.step()
                self._heart.beat(self._peers.values())
                self._flush()
        finally:
            self._close()

    def stop(self) -> None:
        """Go on until the last connection is closed, at most for the grace period.

        From any thread, and from a signal handler.
        """
        self._stop_at = min(self._stop_at, monotonic() + self._grace)
        self._wake()

    def _finished(self) -> bool:
        if self._stop_at < math.inf:
            return self._orphaned or not self._peers or monotonic() >= self._stop_at
        return self._orphaned

    def _patience(self) -> int | None:
        """Milliseconds to wait for a command; None for as long as it takes."""
        if self._decoders.busy:
            return 0
        seconds = self._heart.patience()
        if self._stop_at < math.inf:
            seconds = min(seconds or math.inf, max(0.0, self._stop_at - monotonic()))
        return None if seconds is None else math.ceil(seconds * 1e3)

    def _handle(self, descriptor: int, events: int) -> None:
        peer = self._peers.get(descriptor)
        if peer is not None:
            if events & ~select.POLLOUT:
                peer.receive()
        elif descriptor == self._listener.fileno():
            self._accept()
        elif descriptor == self._lifeline:
            self._orphaned = True
        elif descriptor == self._woken.fileno():
            with suppress(BlockingIOError):
                self._woken.recv(4096)
            self._decoders.settle()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if not isinstance(error, BlockingIOError):
                _log.warning("a connection cannot be accepted: %s", error.strerror)
            return
        self._peers[connection.fileno()] = Peer(connection, self._decoders)
        self._poll.register(connection.fileno(), select.POLLIN)

    def _flush(self) -> None:
        for descriptor, peer in list(self._peers.items()):
            peer.flush()
            if peer.closed:
                # The number of a closed descriptor may be the next connection's.
                del self._peers[descriptor]
                self._writing.discard(descriptor)
                self._poll.unregister(descriptor)
            elif peer.unsent != (descriptor in self._writing):
                self._writing ^= {descriptor}
                self._poll.modify(
                    descriptor, select.POLLIN | (select.POLLOUT if peer.unsent else 0)
                )

    def _wake(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._waker.send(b"\0")

    def _close(self) -> None:
        for peer in self._peers.values():
            peer.close()
        self._decoders.close()
        for end in (self._woken, self._waker, self._listener):
            end.close()
