"""A loaded classifier: its manifest, its head, and the check of its golden examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import GoldenMismatch, ModelError
from cuebox.core.text import TextSettings, normalize_text
from cuebox.kinds.classifier.head import Head, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.manifest import Golden, Manifest
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import ClassifierBody

__all__ = ["ClassifierPredictor"]


# A label without an alternative is certain; JSON has no infinity.
_MOST_LOG_ODDS = 88.0


class ClassifierPredictor:
    """One version of one classifier, ready to be joined with others in a bank."""

    def __init__(self, manifest: Manifest, body: ClassifierBody, head: Head) -> None:
        self.manifest = manifest
        self.body = body
        self.head = head
        self.limits: FloatArray = np.asarray(body.thresholds, np.float32)

    @property
    def labels(self) -> Sequence[str]:
        """Labels in the order of the head's outputs."""
        return self.body.labels

    @property
    def text(self) -> TextSettings:
        """The normalisation the head was trained with."""
        return self.body.text

    def prepare(self, text: str) -> str:
        """Normalise; the result is the cache key and the tokenizer's input."""
        return normalize_text(text, self.body.text)

    def probabilities(self, embeddings: FloatArray) -> FloatArray:
        """Calibrated probabilities, float32 `[rows, labels]`, of embeddings `[rows, dim]`.

        Raises:
            ModelError: a logit is not finite.
        """
        logits = self._logits(embeddings)
        return softmax(logits) if self.body.task == "single" else sigmoid(logits)

    def log_odds(self, embeddings: FloatArray, label: int) -> FloatArray:
        """Log(p / (1 - p)) of one label, float32 `[rows]`, where p itself rounds to 0 or 1 too.

        Raises:
            ModelError: a logit is not finite.
        """
        logits = self._logits(embeddings)
        own: FloatArray = logits[:, label]
        if self.body.task == "single":
            if len(self.body.labels) == 1:
                return np.full_like(own, _MOST_LOG_ODDS)
            others = np.delete(logits, label, axis=1)
            top = others.max(axis=1)
            own = own - top - np.log(np.exp(others - top[:, None]).sum(axis=1))
        return np.clip(own, -_MOST_LOG_ODDS, _MOST_LOG_ODDS)

    def _logits(self, embeddings: FloatArray) -> FloatArray:
        logits = self.head.logits(embeddings)
        if not np.isfinite(logits).all():
            raise ModelError(
                f"classifier {self.manifest.name!r} gave a value that is not finite: "
                "the embedding or the head is damaged"
            )
        return logits

    def check(self, golden: Golden, embedding: FloatArray) -> None:
        """Raise `GoldenMismatch` unless the head repeats the recorded probabilities."""
        actual = self.probabilities(embedding.reshape(1, -1))[0]
        who = f"{self.manifest.name}@{self.manifest.version}"
        if len(golden.expected) != len(actual):
            raise GoldenMismatch(
                f"{who}: a golden example has {len(golden.expected)} values, "
                f"the head gives {len(actual)}"
            )
        off = np.abs(actual - np.asarray(golden.expected, np.float32))
        worst = int(off.argmax())
        if off[worst] > self.body.golden_tolerance:
            raise GoldenMismatch(
                f"{who}: {golden.input[:60]!r} gives {self.labels[worst]!r} probability "
                f"{actual[worst]:.3f}, recorded {golden.expected[worst]:.3f} "
                f"(tolerance {self.body.golden_tolerance})"
            )
