"""The one thread that writes: batches, tries again, and never gives up before it is told to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cuebox.inference_log.outage import Outage
from cuebox.inference_log.sink import SinkDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.inference_log.sink import OpenSink, Record, Sink
    from cuebox.inference_log.waiting import Waiting

__all__ = ["Writer"]

# Records of one moment share a transaction, and the database works after the answer has left.
_LINGER_SECONDS = 0.1
_UPKEEP_SECONDS = 3600.0
_FIRST_DELAY_SECONDS = 0.05
_LONGEST_DELAY_SECONDS = 30.0


class Writer(threading.Thread):
    """Takes records from `waiting`, prepares them, and writes them to a sink.

    A sink that is down is opened anew for every try, with back-off; a batch that holds a record
    which cannot be kept is halved until that record stands alone.

    Args:
        prepare: makes a record what may be kept of it.
    """

    def __init__(
        self, waiting: Waiting, open_sink: OpenSink, prepare: Callable[[Record], Record]
    ) -> None:
        # A daemon: a disk that hangs must not hold up the end of the process.
        super().__init__(name="inference-log", daemon=True)
        self._waiting = waiting
        self._open_sink = open_sink
        self._prepare = prepare
        self._sink: Sink | None = None
        self._outage = Outage()
        self._delay = _FIRST_DELAY_SECONDS

    def run(self) -> None:
        """Write until the queue is closed and empty, or abandoned."""
        more_to_tidy = True
        while not self._waiting.ended:
            patience = 0.0 if more_to_tidy else _UPKEEP_SECONDS
            batch = self._waiting.take(linger=_LINGER_SECONDS, patience=patience)
            if batch:
                self._write(batch)
            more_to_tidy = self._tidy()
        self._drop_sink()

    def _write(self, batch: list[Record]) -> None:
        """Write a batch, however long it takes and in however many pieces."""
        chunks = [batch]
        while chunks:
            chunk = chunks.pop()
            try:
                self._opened().write([self._prepare(record) for record in chunk])
            except SinkDown as down:
                chunks.append(chunk)
                if not self._after_failure(down):
                    return
            except Exception as error:
                chunks += self._split(chunk, error)
            else:
                self._delay = _FIRST_DELAY_SECONDS
                self._waiting.written(len(chunk))
                self._outage.over(self._waiting.stats()["lost"])

    def _split(self, chunk: list[Record], error: Exception) -> list[list[Record]]:
        """What to try instead of a chunk that holds a bad record, last first."""
        if len(chunk) > 1:
            middle = len(chunk) // 2
            return [chunk[middle:], chunk[:middle]]
        self._waiting.refused(1)
        self._outage.refused(f"{type(error).__name__}: {error}")
        return []

    def _after_failure(self, down: SinkDown) -> bool:
        """Close, wait; whether to try again."""
        self._drop_sink()
        self._outage.failed(down)
        delay, self._delay = self._delay, min(_LONGEST_DELAY_SECONDS, 2 * self._delay)
        return self._waiting.pause(delay)

    def _tidy(self) -> bool:
        """A slice of upkeep between two batches; one that fails is left for later."""
        if self._sink is None or self._waiting.closed:
            return False
        try:
            return self._sink.tidy()
        except Exception:
            self._drop_sink()
            return False

    def _opened(self) -> Sink:
        if self._sink is None:
            try:
                self._sink = self._open_sink()
            except Exception as error:
                # No record is to blame for it, so none may be refused.
                reason = str(error) if isinstance(error, SinkDown) else repr(error)
                raise SinkDown(reason) from error
        return self._sink

    def _drop_sink(self) -> None:
        if self._sink is not None:
            self._sink.close()
            self._sink = None
