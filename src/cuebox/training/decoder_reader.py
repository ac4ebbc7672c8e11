"""Reads texts through a decoder's steps and gives the logits after every token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.types import FloatArray, StepBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cuebox.core.ports import StepModel

__all__ = ["CHUNK", "DecoderReader", "log_softmax"]

# Tokens of a step: few enough for the logits of all of them over a large vocabulary.
CHUNK = 128


class DecoderReader:
    """One text at a time in the model's first blocks; nothing else may use the model then."""

    def __init__(self, model: StepModel) -> None:
        self._model = model
        self.context = model.spec.context

    def logits(self, tokens: Sequence[int]) -> Iterator[FloatArray]:
        """Float32 `[up to CHUNK, vocab]`, the places of the text piece by piece, in order.

        Each piece is valid until the next one is asked for.
        """
        size = self._model.block_size
        for start in range(0, len(tokens), CHUNK):
            new = np.asarray(tokens[start : start + CHUNK], np.int64)
            blocks = -(-(start + len(new)) // size)
            yield self._model.step(
                StepBatch(
                    tokens=new,
                    positions=np.arange(start, start + len(new)),
                    past=np.array([start], np.int32),
                    begins=np.array([0, len(new)], np.int32),
                    blocks=np.arange(blocks, dtype=np.int32),
                    block_begins=np.array([0, blocks], np.int32),
                    sample_rows=np.arange(len(new)),
                )
            )

    def logprobs(self, tokens: Sequence[int]) -> FloatArray:
        """Natural log-probability of each token but the first, float32 `[tokens - 1]`."""
        following = np.asarray(tokens[1:], np.int64)
        found = np.empty(len(following), np.float32)
        at = 0
        # The last token is only ever predicted.
        for logits in self.logits(tokens[:-1]):
            rows = np.arange(len(logits))
            found[at : at + len(rows)] = log_softmax(logits)[rows, following[at : at + len(rows)]]
            at += len(rows)
        return found


def log_softmax(logits: FloatArray) -> FloatArray:
    """Log-probabilities over the last axis."""
    shifted: FloatArray = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64))
    return shifted
