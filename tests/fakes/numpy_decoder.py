"""A decoder in plain numpy behind the port: slow, and independent of every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from tests.fakes.reference_decoder import ReferenceDecoder

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.types import FloatArray, StepBatch

__all__ = ["NumpyDecoder", "PlainTokenizer", "open_numpy_decoder"]


def open_numpy_decoder(
    spec: DecoderSpec, weights: Path, tokenizer: Path
) -> tuple[PlainTokenizer, NumpyDecoder]:
    """`core.ports.OpenDecoder`."""
    return PlainTokenizer(tokenizer), NumpyDecoder(spec, weights)


class PlainTokenizer:
    """`core.ports.DecoderTokenizer` without its tables of bytes."""

    def __init__(self, path: Path) -> None:
        self._tokenizer: Any = Tokenizer.from_file(str(path))
        self.token_bytes: list[bytes] = []
        self.special: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


class NumpyDecoder:
    """`core.ports.StepModel` whose blocks hold tokens; every step reads them from the start."""

    block_size = 16

    def __init__(self, spec: DecoderSpec, weights: Path, *, blocks: int = 64) -> None:
        self.spec = spec
        self.blocks = blocks
        self._decoder = ReferenceDecoder(spec, weights)
        self._held = np.zeros((blocks, self.block_size), np.int64)

    def step(self, batch: StepBatch) -> FloatArray:
        logits = []
        for number, past in enumerate(batch.past):
            new = slice(batch.begins[number], batch.begins[number + 1])
            blocks = batch.blocks[batch.block_begins[number] : batch.block_begins[number + 1]]
            places = batch.positions[new]
            self._held[blocks[places // self.block_size], places % self.block_size] = batch.tokens[
                new
            ]
            text = self._held[blocks].ravel()[: past + len(places)]
            logits.append(self._decoder.logits(text.tolist())[past:])
        wanted: FloatArray = np.concatenate(logits)[batch.sample_rows]
        return wanted

    def copy_block(self, source: int, target: int) -> None:
        self._held[target] = self._held[source]

    def close(self) -> None:
        self._held[:] = 0
