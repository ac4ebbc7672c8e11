"""What an operator is told of a log that cannot be written: a line per outage, none per record."""

from __future__ import annotations

import logging
from time import monotonic

__all__ = ["Outage"]

_log = logging.getLogger(__name__)

_QUIET_SECONDS = 60.0


class Outage:
    """Turns failures, recoveries and losses into few lines.

    A first failure is not told: two processes that open a file at once get in each other's way
    for a moment.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._told_lost = 0
        self._quiet_until = 0.0

    def failed(self, reason: object) -> None:
        """Storage could not be written."""
        self._failures += 1
        if self._failures == 2:
            _log.error(
                "the inference log cannot be written: %s; it is tried again, and records wait in "
                "memory meanwhile",
                reason,
            )

    def over(self, lost: int) -> None:
        """Something was written; `lost` records were lost since the start."""
        if self._failures >= 2:
            self._told_lost, before = lost, self._told_lost
            _log.warning("the inference log is written again; %d records were lost", lost - before)
        elif lost > self._told_lost and monotonic() >= self._quiet_until:
            self._told_lost, before = lost, self._told_lost
            self._quiet_until = monotonic() + _QUIET_SECONDS
            _log.error(
                "the inference log lost %d records: they came faster than the disk takes them, or "
                "were refused; see inference_log.max_waiting",
                lost - before,
            )
        self._failures = 0

    def refused(self, reason: object) -> None:
        """One record can never be written."""
        if monotonic() >= self._quiet_until:
            self._quiet_until = monotonic() + _QUIET_SECONDS
            _log.error("the inference log refuses a record: %s", reason)

    def abandoned(self, count: int) -> None:
        """The server stops, and so many records could not be written in time."""
        if count:
            _log.error("the inference log lost %d records that still waited at the stop", count)
