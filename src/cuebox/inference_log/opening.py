"""From settings to a log; imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.core.errors import ConfigError
from cuebox.inference_log.log import QueuedInferenceLog
from cuebox.inference_log.redaction import preparation

if TYPE_CHECKING:
    from cuebox.inference_log.settings import InferenceLogSettings
    from cuebox.inference_log.sink import Sink

__all__ = ["open_log", "path_of"]

_SQLITE = "sqlite:///"


def open_log(settings: InferenceLogSettings) -> QueuedInferenceLog | None:
    """The configured log, which touches no disk before its first record; None without a URL.

    Raises:
        ConfigError: a URL of a kind that is not known.
    """
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


def path_of(url: str) -> Path:
    """The file that `sqlite:///PATH` names; four slashes begin an absolute path.

    Raises:
        ConfigError: another kind of URL, or no path.
    """
    if not url.startswith(_SQLITE) or url.removeprefix(_SQLITE) in {"", ":memory:"}:
        raise ConfigError(
            f"inference_log.url is {url[:200]!r}: use sqlite:///PATH, or nothing for no log",
            param="inference_log.url",
        )
    return Path(url.removeprefix(_SQLITE)).expanduser()
