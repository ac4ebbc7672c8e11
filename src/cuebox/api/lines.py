"""Log lines that never block the event loop: a bounded buffer, emptied by a thread."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque

import msgspec

from cuebox.app.log_lines import JsonFormatter

__all__ = ["LineHandler", "LineWriter", "configure_logging"]

_FLUSH_SECONDS = 0.1
_MAX_LINES = 20_000
_PIECE = 64 * 1024


class LineWriter:
    """Writes lines to a file descriptor from a thread of its own.

    The thread wakes ten times a second and writes all that is there at once, which costs the
    loop far less than waking it for every line. When the reader is too slow the oldest lines go
    and their number is reported.

    Attributes:
        as_text: whether lines are for a person rather than a program.
        dropped: lines that were lost since start.
    """

    def __init__(self, descriptor: int = 2, *, as_text: bool = False) -> None:
        self.as_text = as_text
        self.dropped = 0
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque(maxlen=_MAX_LINES)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-lines", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Queue one line that ends in a newline."""
        if len(self._lines) == _MAX_LINES:
            self.dropped += 1
        self._lines.append(line)

    def close(self, seconds: float = 2.0) -> None:
        """Write what is queued, for at most `seconds`."""
        self._closing.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        reported = 0
        while True:
            closing = self._closing.wait(_FLUSH_SECONDS)
            if self.dropped > reported:
                lost, reported = self.dropped - reported, self.dropped
                self._lines.append(
                    msgspec.json.encode({"event": "log lines dropped", "lines": lost}) + b"\n"
                )
            if not self._flush() or closing:
                return

    def _flush(self) -> bool:
        lines = self._lines
        while lines:
            piece = bytearray()
            while lines and len(piece) < _PIECE:
                piece += lines.popleft()
            try:
                view = memoryview(piece)
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                return False
        return True


class LineHandler(logging.Handler):
    """Standard logging into a `LineWriter`."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Format and queue."""
        try:
            self._writer.write(self.format(record).encode("utf-8", "replace") + b"\n")
        except Exception:
            self.handleError(record)


def configure_logging(writer: LineWriter, level: str) -> LineHandler:
    """Send everything that is logged in this process through `writer`; returns the handler."""
    handler = LineHandler(writer)
    if writer.as_text:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    else:
        handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("cuebox").setLevel(level.upper())
    return handler
