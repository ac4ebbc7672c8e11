"""Identities of what is answered: unique, hard to guess, and sorted by time."""

from __future__ import annotations

import os
import time
import uuid

__all__ = ["new_id"]

_RANDOM_BITS = (1 << 62) - 1


def new_id() -> str:
    """A UUID of version 7 (RFC 9562) with the finer clock of its method 3 and 62 random bits.

    Those of one process sort by when they were made, to a quarter of a microsecond.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8)) & _RANDOM_BITS
    number = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random
    return str(uuid.UUID(int=number))
