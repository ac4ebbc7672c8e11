"""Blocks of keys and values of all layers, in one stretch of memory that fills as it is used."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

__all__ = ["BlockPool"]


class BlockPool:
    """`arrays` `[2 layers, blocks, kv_heads, block_size, head_dim]`, the keys and values by turns.

    The last block is nobody's: what must be written somewhere, and is never read, goes there.
    """

    def __init__(
        self,
        layers: int,
        block_shape: Sequence[int],
        dtype: DTypeLike,
        megabytes: int,
        context: int,
    ) -> None:
        """Reserve `megabytes`.

        Args:
            layers: of keys and of values, in all.
            block_shape: `[kv_heads, block_size, head_dim]` of one block in one of them.
            dtype: of keys and values.
            megabytes: of all layers together.
            context: tokens of the longest text; there must be room for one.

        Raises:
            ConfigError: a text of that length has no room.
        """
        block_bytes = layers * int(np.prod(block_shape)) * np.dtype(dtype).itemsize
        held = (megabytes << 20) // block_bytes
        needed = -(-context // block_shape[1]) + 1
        if held < needed:
            raise ConfigError(
                f"kv_cache_mb is {megabytes}: one text of {context} tokens, the model's context, "
                f"takes {-(-needed * block_bytes >> 20)}; set at least that, better a multiple",
                param="decoder.kv_cache_mb",
            )
        self.blocks = held - 1
        memory = mmap.mmap(-1, held * block_bytes)
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            # With huge pages, the first token would take 2 MB in every layer.
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        self.arrays: NDArray[Any] = np.frombuffer(memory, dtype).reshape(layers, held, *block_shape)

    @property
    def scratch(self) -> int:
        """The block that is nobody's."""
        return self.blocks

    def copy(self, source: int, target: int) -> None:
        """Copy one block in all layers."""
        self.arrays[:, target] = self.arrays[:, source]
