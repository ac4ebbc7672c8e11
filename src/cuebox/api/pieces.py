"""Large answers in pieces, so that neither memory nor the event loop is held by one of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

__all__ = ["in_pieces"]


async def in_pieces(
    rows: Sequence[Any],
    encode: Callable[[Sequence[Any], int], bytes],
    *,
    before: bytes,
    after: bytes,
    size: int,
) -> AsyncGenerator[bytes, None]:
    """A JSON list, `size` rows at a time, letting other requests run in between.

    Args:
        rows: the whole list.
        encode: some rows and the index of the first to a JSON array.
        before: what stands before the list's bracket.
        after: what follows it.
        size: rows encoded at once.
    """
    lead = before + b"["
    for start in range(0, len(rows), size):
        yield lead + encode(rows[start : start + size], start)[1:-1]
        lead = b","
        await asyncio.sleep(0)
    yield (lead if not len(rows) else b"") + b"]" + after
