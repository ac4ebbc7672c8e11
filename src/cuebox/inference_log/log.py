"""The inference log as the server sees it: a queue, and behind it a thread."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from cuebox.inference_log.outage import Outage
from cuebox.inference_log.waiting import Waiting
from cuebox.inference_log.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.inference import FeedbackRecord, SuggestionRecord
    from cuebox.inference_log.sink import OpenSink, Record

__all__ = ["QueuedInferenceLog"]


class QueuedInferenceLog:
    """Puts records into a bounded queue that one thread empties into a sink.

    The thread starts with the first record: a server that suggests nothing opens no database and
    imports nothing for it. Safe to call from any thread; only `close` ever waits.

    Args:
        prepare: makes a record what may be kept of it; runs in the thread.
        max_records, max_bytes: bounds of what waits.
    """

    def __init__(
        self,
        open_sink: OpenSink,
        prepare: Callable[[Record], Record],
        *,
        max_records: int,
        max_bytes: int,
    ) -> None:
        self._waiting = Waiting(max_records=max_records, max_bytes=max_bytes)
        self._writer = Writer(self._waiting, open_sink, prepare)
        self._starting = threading.Lock()

    def suggested(self, record: SuggestionRecord) -> None:
        """Keep what was suggested."""
        self._put(record)

    def feedback(self, record: FeedbackRecord) -> None:
        """Keep what a person did; a repetition changes nothing."""
        self._put(record)

    def stats(self) -> dict[str, int]:
        """`written`, `waiting` and `lost` records since the start."""
        return self._waiting.stats()

    def close(self, seconds: float) -> None:
        """Write what waits, for at most so long; what is left then is lost."""
        self._waiting.close()
        if self._writer.ident is not None:
            self._writer.join(max(0.0, seconds))
        Outage().abandoned(self._waiting.abandon())

    def _put(self, record: Record) -> None:
        self._waiting.put(record)
        if self._writer.ident is None:
            # A system without a thread to spare must not fail a request: the next record tries.
            with self._starting, suppress(RuntimeError):
                if self._writer.ident is None and not self._waiting.closed:
                    self._writer.start()
