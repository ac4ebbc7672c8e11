"""Log records as JSON lines."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

__all__ = ["JsonFormatter", "log_to_stderr"]


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, event, logger, and the traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its newline."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage().encode("utf-8", "replace").decode(),
            "logger": record.name,
        }
        request_id = getattr(record, "request_id", None)
        if request_id:
            line["request_id"] = request_id
        if record.exc_info:
            text = self.formatException(record.exc_info)
            line["traceback"] = text.encode("utf-8", "replace").decode()
        return msgspec.json.encode(line).decode()


def log_to_stderr() -> None:
    """Send what is logged in a process without an event loop to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
