"""One step's new tokens of all sequences, gathered into the arrays that a model reads."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.types import StepBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.generation.engine.kv_sequence import KvSequence

__all__ = ["BatchBuilder"]


class BatchBuilder:
    """Grows by one sequence at a time, which must have room for what is added to it. The arrays
    are made of the buffers without a copy.
    """

    def __init__(self) -> None:
        self._tokens = array("q")
        self._positions = array("q")
        self._past = array("i")
        self._begins = array("i", (0,))
        self._blocks = array("i")
        self._block_begins = array("i", (0,))
        self._sampled = array("q")

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, sequence: KvSequence, tokens: Sequence[int], *, sampled: int) -> None:
        """Append tokens to a sequence; the logits of the last `sampled` of them are wanted."""
        past = len(sequence.tokens)
        sequence.tokens.extend(tokens)
        self._past.append(past)
        self._tokens.extend(tokens)
        self._positions.extend(range(past, past + len(tokens)))
        self._sampled.extend(range(len(self._tokens) - sampled, len(self._tokens)))
        self._begins.append(len(self._tokens))
        self._blocks.extend(sequence.blocks)
        self._block_begins.append(len(self._blocks))

    def build(self) -> StepBatch:
        """The batch; nothing can be added any more."""
        return StepBatch(
            tokens=np.frombuffer(self._tokens, np.int64),
            positions=np.frombuffer(self._positions, np.int64),
            past=np.frombuffer(self._past, np.int32),
            begins=np.frombuffer(self._begins, np.int32),
            blocks=np.frombuffer(self._blocks, np.int32),
            block_begins=np.frombuffer(self._block_begins, np.int32),
            sample_rows=np.frombuffer(self._sampled, np.int64),
        )
