"""What a child process is told: one line on its standard input.

The pipe stays open after it, and is the child's lifeline: it ends when the parent does, however
that died.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import msgspec

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    import subprocess

__all__ = ["LIFELINE", "read_order", "send_order"]

LIFELINE = 0
"""The descriptor to watch in the child."""

T = TypeVar("T")


def send_order(process: subprocess.Popen[bytes], order: msgspec.Struct) -> None:
    """Tell a child that was started with a pipe for its standard input."""
    if process.stdin is None:
        raise ValueError("the child has no pipe for its standard input")
    with suppress(BrokenPipeError):  # it died already, which its keeper will notice
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.flush()


def read_order(kind: type[T]) -> T:
    """In the child: the order, read no further than its end.

    Raises:
        ConfigError: this process was not started by its parent.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        # Byte by byte, so that nothing is taken from whoever watches the descriptor.
        piece = os.read(LIFELINE, 1)
        if not piece:
            raise ConfigError("this process is started by `cuebox serve`, not by hand")
        line += piece
    return msgspec.json.decode(line, type=kind)
