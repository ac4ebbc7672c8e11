"""Two pieces of work at once, of which neither waits for the other nor fails because of it."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cuebox.core.errors import Conflict, CueboxError, DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["Missed", "side_by_side"]

_log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Missed:
    """Work without a result: it came too late, or `error` says what went wrong."""

    error: CueboxError | None = None


async def side_by_side(
    first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B], *, until: float
) -> tuple[A | Missed, B | Missed]:
    """Run both until they end or time is up; then nothing of them runs any more.

    Args:
        until: `time.monotonic()` seconds.

    Raises:
        Conflict: one of them was superseded, which is about both.
    """
    one = asyncio.create_task(_kept_apart(first))
    other = asyncio.create_task(_kept_apart(second))
    try:
        await asyncio.wait(
            (one, other),
            timeout=max(0.0, until - time.monotonic()),
            return_when=asyncio.FIRST_EXCEPTION,
        )
    finally:
        one.cancel()
        other.cancel()
        await asyncio.gather(one, other, return_exceptions=True)
    return _outcome(one), _outcome(other)


async def _kept_apart(work: Coroutine[Any, Any, A]) -> A | Missed:
    """The work's result, or what went wrong, as a value."""
    try:
        return await work
    except Conflict:
        raise
    except DeadlineExceeded:
        return Missed()
    except CueboxError as error:
        return Missed(error)
    except Exception:
        _log.exception("one source of suggestions failed; the other is answered")
        return Missed(CueboxError("internal error; the server's log tells more"))


def _outcome(task: asyncio.Task[A | Missed]) -> A | Missed:
    return Missed() if task.cancelled() else task.result()
