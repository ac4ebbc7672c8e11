"""From settings to a log; imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.inference_log.log import QueuedInferenceLog
from cuebox.inference_log.redaction import preparation
from cuebox.inference_log.settings import path_of

if TYPE_CHECKING:
    from cuebox.inference_log.settings import InferenceLogSettings
    from cuebox.inference_log.sink import Sink

__all__ = ["open_log"]


def open_log(settings: InferenceLogSettings) -> QueuedInferenceLog | None:
    """The configured log, which touches no disk before its first record; None without a URL."""
    if not settings.url:
        return None
    path = path_of(settings.url)

    def open_sink() -> Sink:
        from cuebox.inference_log.database import Database

        return Database(path, retention_days=settings.retention_days)

    return QueuedInferenceLog(
        open_sink,
        preparation(settings.inputs),
        max_records=settings.max_waiting,
        max_bytes=settings.max_waiting_mb << 20,
    )
