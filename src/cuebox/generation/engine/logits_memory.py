"""What follows the latest prompts: their last logits, so that the same prompt takes no step."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

__all__ = ["LogitsMemory"]


class LogitsMemory:
    """Logits float32 `[vocab]` by prompt, bounded; the least recently used go."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._logits: OrderedDict[tuple[int, ...], FloatArray] = OrderedDict()

    def get(self, tokens: Sequence[int]) -> FloatArray | None:
        """The logits after a prompt; None when they are not known."""
        key = tuple(tokens)
        logits = self._logits.get(key)
        if logits is not None:
            self._logits.move_to_end(key)
        return logits

    def put(self, tokens: Sequence[int], logits: FloatArray) -> None:
        """Remember a copy."""
        if not self._capacity:
            return
        key = tuple(tokens)
        self._logits[key] = logits.copy()
        self._logits.move_to_end(key)
        if len(self._logits) > self._capacity:
            self._logits.popitem(last=False)
