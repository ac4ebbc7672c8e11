"""The exported decoder, in the engine that serves it, to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.types import StepBatch
from cuebox.kinds.completion.suggestions import MOST_BRANCHES
from cuebox.training.decoder_reader import DecoderReader, log_softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import StepModel
    from cuebox.core.types import FloatArray

__all__ = ["ServedModel"]


class ServedModel:
    """`ScoreTokens` and `ContinueTokens` of a step model that nobody else uses meanwhile."""

    def __init__(self, model: StepModel, context: int) -> None:
        self._model = model
        self._reader = DecoderReader(model)
        self.context = context
        self._length = self._full = 0
        self._slots: list[int] = []

    def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Log-probability of each token but the first."""
        return [self._reader.logprobs(text) for text in texts]

    def begin(self, tokens: Sequence[int]) -> FloatArray:
        """Read a prompt into the first blocks."""
        last: FloatArray | None = None
        for logits in self._reader.logits(tokens):
            last = logits[-1].copy()
        if last is None:
            raise ValueError("a prompt has at least one token")
        self._length = len(tokens)
        self._full = self._length // self._model.block_size
        self._slots = [0]
        return log_softmax(last)

    def extend(self, parents: Sequence[int], tokens: Sequence[int]) -> FloatArray:
        """Add a token to branches; one that goes on twice is copied."""
        self._slots = self._fork([self._slots[parent] for parent in parents])
        used = self._length // self._model.block_size + 1
        count = len(tokens)
        tables = [self._blocks(slot)[:used] for slot in self._slots]
        logits = self._model.step(
            StepBatch(
                tokens=np.asarray(tokens, np.int64),
                positions=np.full(count, self._length, np.int64),
                past=np.full(count, self._length, np.int32),
                begins=np.arange(count + 1, dtype=np.int32),
                blocks=np.asarray(tables, np.int32).ravel(),
                block_begins=np.arange(count + 1, dtype=np.int32) * np.int32(used),
                sample_rows=np.arange(count),
            )
        )
        self._length += 1
        return log_softmax(logits.copy())

    def _fork(self, wanted: Sequence[int]) -> list[int]:
        """A slot of its own for each branch, with what the slot it comes from holds."""
        free = [slot for slot in range(MOST_BRANCHES) if slot not in wanted]
        slots: list[int] = []
        for slot in wanted:
            if slot not in slots:
                slots.append(slot)
                continue
            slots.append(free.pop())
            filled = -(-self._length // self._model.block_size)
            sources, targets = self._blocks(slot), self._blocks(slots[-1])
            for place in range(self._full, filled):
                self._model.copy_block(sources[place], targets[place])
        return slots

    def _blocks(self, slot: int) -> list[int]:
        """The prompt's full blocks, which all branches share, and the slot's own."""
        whole = -(-self.context // self._model.block_size)
        own = slot * whole
        return [*range(self._full), *range(own + self._full, own + whole)]
