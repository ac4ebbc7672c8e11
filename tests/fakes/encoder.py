"""An encoder and tokenizer that need no files: the embedding is a hash of the token ids."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.manifest import EncoderSpec, FileRef
from cuebox.core.types import Tokens

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray, TokenBatch

__all__ = ["FakeEncoder", "FakeTokenizer", "fake_spec"]


def fake_spec(seed: str = "a", dim: int = 8, max_tokens: int = 16) -> EncoderSpec:
    """A spec whose digest follows `seed`."""
    return EncoderSpec(
        architecture="fake",
        dim=dim,
        max_tokens=max_tokens,
        pooling="mean",
        normalize=True,
        quantization="float32",
        model=FileRef(sha256=seed * 64, size=1),
        tokenizer=FileRef(sha256="f" * 64, size=1),
    )


class FakeTokenizer:
    """One token per character."""

    def __init__(self, max_tokens: int = 16) -> None:
        self._max_tokens = max_tokens

    def encode(self, text: str) -> Tokens:
        """Code points modulo 997, cut at `max_tokens`."""
        return Tokens([ord(char) % 997 for char in text[: self._max_tokens]], len(text))


class FakeEncoder:
    """Embeds by hash; can be held back, made to fail, and counts what it saw."""

    def __init__(self, spec: EncoderSpec | None = None) -> None:
        self.spec = spec or fake_spec()
        self.rows = 0
        self.closed = False
        self.fail_with: Exception | None = None
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def run(self, batch: TokenBatch) -> FloatArray:
        """Unit vectors seeded by the row's ids."""
        self.entered.release()
        assert self.gate.wait(10)
        if self.fail_with is not None:
            raise self.fail_with
        self.rows += len(batch.ids)
        rows = [
            np.random.default_rng(ids.tolist()).standard_normal(self.spec.dim).astype(np.float32)
            for ids in batch.ids
        ]
        matrix: FloatArray = np.stack(rows)
        unit: FloatArray = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        return unit

    def close(self) -> None:
        """Remember it."""
        self.closed = True
