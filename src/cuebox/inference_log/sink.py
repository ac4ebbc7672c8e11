"""What the writer thread writes to: a database today; a spool on disk may stand before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from cuebox.core.inference import FeedbackRecord, SuggestionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["OpenSink", "Record", "Sink", "SinkDown"]

Record: TypeAlias = SuggestionRecord | FeedbackRecord


class SinkDown(Exception):
    """Nothing can be written at the moment, whatever the record; the message says why."""


class Sink(Protocol):
    """Where records end up; one thread at a time."""

    def write(self, records: Sequence[Record]) -> None:
        """Keep all of them or none; those that are kept already change nothing.

        Raises:
            SinkDown: storage is full, locked, gone or damaged. Anything else that is raised means
                that one of the records cannot be kept.
        """
        ...

    def tidy(self) -> bool:
        """Do a slice of the upkeep that is due; whether more is left.

        Raises:
            SinkDown: as `write`.
        """
        ...

    def close(self) -> None:
        """Give everything back; never raises."""
        ...


OpenSink: TypeAlias = "Callable[[], Sink]"
