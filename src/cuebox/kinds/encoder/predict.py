"""A served encoder: its manifest, its text settings, and the check of its golden examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.errors import GoldenMismatch, ModelError
from cuebox.core.text import TextSettings, normalize_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.manifest import Golden, Manifest
    from cuebox.core.types import FloatArray

__all__ = ["LEAST_COSINE", "EncoderPredictor"]

# int8 kernels round differently from one CPU family to the next; another model is far below.
LEAST_COSINE = 0.99


class EncoderPredictor:
    """`core.ports.Predictor` of an encoder; the session does all the work."""

    def __init__(self, manifest: Manifest) -> None:
        """Read the manifest.

        Raises:
            ModelError: it names no encoder, or its text settings cannot be read.
        """
        if manifest.encoder is None:
            raise ModelError(f"encoder {manifest.name!r}: its manifest names no encoder")
        try:
            self._text = msgspec.convert(manifest.body.get("text", {}), TextSettings)
        except msgspec.ValidationError as error:
            raise ModelError(f"encoder {manifest.name!r}: body.text: {error}") from error
        self.manifest = manifest

    @property
    def labels(self) -> Sequence[str]:
        """Always empty."""
        return ()

    @property
    def text(self) -> TextSettings:
        """The normalisation that goes before the tokenizer."""
        return self._text

    def prepare(self, text: str) -> str:
        """Normalise `text`."""
        return normalize_text(text, self._text)

    def check(self, golden: Golden, embedding: FloatArray) -> None:
        """Raise `GoldenMismatch` unless the embedding points where the recorded one does."""
        expected = np.asarray(golden.expected, dtype=np.float32)
        who = f"encoder {self.manifest.name!r} {self.manifest.version}".rstrip()
        if expected.shape != embedding.shape:
            raise GoldenMismatch(
                f"{who}: a golden example has {len(expected)} values, the embedding has "
                f"{embedding.shape[-1]}"
            )
        lengths = float(np.linalg.norm(expected) * np.linalg.norm(embedding))
        cosine = float(expected @ embedding) / lengths if lengths else 0.0
        if not cosine >= LEAST_COSINE:
            raise GoldenMismatch(
                f"{who}: {golden.input[:60]!r} has cosine {cosine:.4f} to its recorded "
                f"embedding, under {LEAST_COSINE}: weights, tokenizer or engine differ"
            )
