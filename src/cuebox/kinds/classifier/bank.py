"""All classifiers on one encoder, asked together."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import UnknownModel
from cuebox.kinds.classifier.answers import answer
from cuebox.kinds.classifier.joint import JointHeads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import Classification, ClassifyOptions, FloatArray
    from cuebox.kinds.classifier.predict import ClassifierPredictor

__all__ = ["ClassifierBank"]

# Logits held at once, so that ten thousand rows do not become one huge array: 4 MB.
_LOGITS_AT_ONCE = 1_000_000


class ClassifierBank:
    """Immutable: adding a head means building a new bank, which copies no weights.

    The first request for a combination of classifiers joins their weights, and later ones find
    them joined; the least recently used combinations go when there are more than
    `max_combinations` or they hold more than `max_bytes`. One classifier alone is never copied.
    """

    def __init__(
        self,
        predictors: Sequence[ClassifierPredictor],
        *,
        max_combinations: int = 256,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        """Index by name (the first of that name) and by `name@version`."""
        self._predictors: dict[str, ClassifierPredictor] = {}
        for one in predictors:
            self._predictors.setdefault(one.manifest.name, one)
            self._predictors[f"{one.manifest.name}@{one.manifest.version}"] = one
        self._joined: OrderedDict[tuple[str, ...], JointHeads] = OrderedDict()
        self._max_combinations = max_combinations
        self._max_bytes = max_bytes
        self._lock = Lock()

    def classify(
        self, embeddings: FloatArray, models: Sequence[str], options: ClassifyOptions
    ) -> list[list[Classification]]:
        """For each row of `embeddings` `[rows, dim]`, one classification per model, in order.

        Raises:
            UnknownModel: a name that is not in this bank.
            ModelError: a head gave a value that is not finite.
        """
        if not models:
            return [[] for _ in embeddings]
        heads = self._join(tuple(models))
        rows = max(1, _LOGITS_AT_ONCE // heads.width)
        if len(embeddings) <= rows:
            return answer(heads, heads.logits(embeddings), options)
        answers: list[list[Classification]] = []
        for start in range(0, len(embeddings), rows):
            logits = heads.logits(embeddings[start : start + rows])
            answers += answer(heads, logits, options)
        return answers

    def probabilities(self, embeddings: FloatArray, model: str) -> FloatArray:
        """Calibrated probabilities, float32 `[rows, labels]`, of one model.

        Raises:
            UnknownModel: not in this bank.
            ModelError: the head gave a value that is not finite.
        """
        return self._find(model).probabilities(np.atleast_2d(embeddings))

    def log_odds(self, embeddings: FloatArray, model: str, label: int) -> FloatArray:
        """Finite log(p / (1 - p)), float32 `[rows]`, of one model's label, by its place.

        Raises:
            UnknownModel: not in this bank.
            ModelError: the head gave a value that is not finite.
        """
        return self._find(model).log_odds(np.atleast_2d(embeddings), label)

    def _find(self, model: str) -> ClassifierPredictor:
        found = self._predictors.get(model)
        if found is None:
            raise UnknownModel(f"no classifier {model[:80]!r} on this encoder", param="models")
        return found

    def _join(self, models: tuple[str, ...]) -> JointHeads:
        with self._lock:
            heads = self._joined.get(models)
            if heads is not None:
                self._joined.move_to_end(models)
                return heads
        heads = JointHeads([self._find(model) for model in models])
        with self._lock:
            self._joined[models] = heads
            self._trim()
        return heads

    def _trim(self) -> None:
        held = sum(heads.nbytes for heads in self._joined.values())
        while len(self._joined) > 1 and (
            len(self._joined) > self._max_combinations or held > self._max_bytes
        ):
            _, oldest = self._joined.popitem(last=False)
            held -= oldest.nbytes
