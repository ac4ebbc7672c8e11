"""Blocks of keys and values of all layers, in one stretch of memory that fills as it is used.

The first write to a fresh page makes the kernel find and clear it, which on virtual machines takes
up to ten microseconds; the first tokens of a text would pay that in every layer. So blocks get
their memory a little before they are used, from a thread.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

__all__ = ["BlockPool"]

_AHEAD_BYTES = 16 << 20
# linux/mman.h, since Linux 5.14; older ones refuse it, and pages come when they are written.
_MADV_POPULATE_WRITE = 23


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
        self._ahead = max(1, _AHEAD_BYTES // block_bytes)
        self._populated = 0
        self._populating: threading.Thread | None = None

    @property
    def scratch(self) -> int:
        """The block that is nobody's."""
        return self.blocks

    def expect(self, block: int) -> None:
        """Blocks up to this one are in use: see that those after it have memory soon."""
        if block >= self.blocks or self._populated == self.blocks:
            return
        if self._populated - block > self._ahead // 2:
            return
        if self._populating is not None and self._populating.is_alive():
            return
        first = max(block, self._populated)
        self._populated = min(first + self._ahead, self.blocks)
        self._populating = threading.Thread(
            target=_populate,
            args=(self.arrays, first, self._populated),
            name="populate-blocks",
            daemon=True,
        )
        self._populating.start()

    def copy(self, source: int, target: int) -> None:
        """Copy one block in all layers."""
        self.arrays[:, target] = self.arrays[:, source]


def _populate(arrays: NDArray[Any], first: int, last: int) -> None:
    """Give these blocks memory, in all layers; what they hold stays."""
    if sys.platform != "linux":
        return
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    page = os.sysconf("SC_PAGE_SIZE")
    for layer in arrays:
        part = layer[first:last]
        begin = part.ctypes.data // page * page
        length = part.ctypes.data + part.nbytes - begin
        if madvise(ctypes.c_void_p(begin), ctypes.c_size_t(length), _MADV_POPULATE_WRITE):
            return
