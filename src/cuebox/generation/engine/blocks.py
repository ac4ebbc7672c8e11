"""Which blocks of keys and values are free, used or remembered; counts only, no content."""

from __future__ import annotations

__all__ = ["BlockPool"]


class BlockPool:
    """Blocks by number. A block is used while sequences hold it and remembered while the prefix
    tree names it; it is free when neither. Whoever writes to a block must be its only holder.
    """

    def __init__(self, blocks: int) -> None:
        self._free = list(range(blocks - 1, -1, -1))
        self._holders = [0] * blocks
        self._remembered = bytearray(blocks)
        self._used = 0

    @property
    def size(self) -> int:
        """All blocks there are."""
        return len(self._holders)

    @property
    def used(self) -> int:
        """Blocks that sequences hold; the rest is free or can be forgotten."""
        return self._used

    @property
    def free(self) -> int:
        """Blocks that hold nothing."""
        return len(self._free)

    def take(self) -> int:
        """A free block, held once; raises `IndexError` when there is none."""
        block = self._free.pop()
        self._holders[block] = 1
        self._used += 1
        return block

    def hold(self, block: int) -> None:
        """One more sequence holds the block."""
        if not self._holders[block]:
            self._used += 1
        self._holders[block] += 1

    def drop(self, block: int) -> bool:
        """One sequence less holds the block; whether it was the last."""
        self._holders[block] -= 1
        if self._holders[block]:
            return False
        self._used -= 1
        if not self._remembered[block]:
            self._free.append(block)
        return True

    def is_used(self, block: int) -> bool:
        """Whether any sequence holds the block."""
        return self._holders[block] > 0

    def is_shared(self, block: int) -> bool:
        """Whether somebody else than its one holder reads the block, so that it must not change."""
        return self._holders[block] > 1 or self._remembered[block] == 1

    def remember(self, block: int) -> None:
        """The tree names a block, which a sequence still holds."""
        self._remembered[block] = 1

    def forget(self, block: int) -> None:
        """The tree no longer names a block."""
        self._remembered[block] = 0
        if not self._holders[block]:
            self._free.append(block)
