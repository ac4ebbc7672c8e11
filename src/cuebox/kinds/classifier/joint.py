"""Several heads on one encoder as one matrix product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.classifier.predict import ClassifierPredictor

__all__ = ["JointHeads"]


def _rank(predictor: ClassifierPredictor) -> int:
    """Single-label first; within a task, linear heads beside the border of the two tasks."""
    multi = predictor.body.task == "multi"
    hidden = predictor.head.hidden_weight is not None
    return (3 if hidden else 2) if multi else (0 if hidden else 1)


class JointHeads:
    """The heads of some classifiers, computed together.

    Columns are ordered by `_rank`, so that all single-label columns are one block, all
    multi-label columns another, and all linear heads one block across both: one product gives
    every linear logit and every hidden layer.

    Attributes:
        single: single-label classifiers in column order.
        single_facts: for each of them its name, version, labels, and the logit below which a
            text is out of scope (None where it does not detect that).
        multi: multi-label classifiers in column order.
        multi_limits: float32 `[multi-label columns]`, each label's own threshold.
        multi_columns: for each of those columns the place of its classifier, and its label.
        order: for each classifier asked for, its place in `single + multi`.
        width: number of columns.
        is_one_single: whether this is one single-label head alone.
        single_width: how many of them are single-label.
        nbytes: memory of the weights.
    """

    def __init__(self, predictors: Sequence[ClassifierPredictor]) -> None:
        places = sorted(range(len(predictors)), key=lambda place: _rank(predictors[place]))
        ordered = [predictors[place] for place in places]
        self.single = [one for one in ordered if one.body.task == "single"]
        self.single_facts = [_facts(one) for one in self.single]
        self.multi = [one for one in ordered if one.body.task == "multi"]
        self.order = [places.index(place) for place in range(len(predictors))]
        sizes = np.array([len(one.body.labels) for one in ordered], np.int64)
        ends = np.cumsum(sizes)
        self.width = int(ends[-1])
        self.is_one_single = len(predictors) == 1 and len(self.single) == 1
        count = len(self.single)
        self.single_width = int(sizes[:count].sum())
        self.sizes: IntArray = sizes[:count]
        self.starts: IntArray = (ends - sizes)[:count]
        self.multi_starts: list[int] = [*(ends - sizes)[count:].tolist(), self.width]
        self.multi_limits: FloatArray = np.concatenate(
            [np.zeros(0, np.float32), *(one.limits for one in self.multi)]
        )
        self.multi_columns = [
            (place, label) for place, one in enumerate(self.multi) for label in one.body.labels
        ]
        self._join(ordered, ends - sizes)

    def _join(self, ordered: list[ClassifierPredictor], starts: IntArray) -> None:
        linear = [(one.head.weight, one.head.bias) for one in ordered if _is_linear(one)]
        self._linear_width = sum(len(bias) for _, bias in linear)
        self._linear_start = next(
            (int(start) for one, start in zip(ordered, starts, strict=True) if _is_linear(one)), 0
        )
        first = list(linear)
        self._second: list[tuple[slice, slice, FloatArray, FloatArray]] = []
        offset = self._linear_width
        for one, start in zip(ordered, starts.tolist(), strict=True):
            head = one.head
            if head.hidden_weight is None or head.hidden_bias is None:
                continue
            first.append((head.hidden_weight, head.hidden_bias))
            inputs = slice(offset, offset + len(head.hidden_bias))
            columns = slice(start, start + len(head.bias))
            self._second.append((inputs, columns, head.weight.T, head.bias))
            offset = inputs.stop
        # A single head keeps its own array; several are copied next to one another.
        weight = first[0][0] if len(first) == 1 else np.concatenate([w for w, _ in first])
        # One row times a matrix is fastest when the matrix lies row by row.
        self._weight = weight.T if len(first) == 1 else np.ascontiguousarray(weight.T)
        self._bias = np.concatenate([bias for _, bias in first])
        self.nbytes = int(weight.nbytes) if len(first) > 1 else 0

    def logits(self, embeddings: FloatArray) -> FloatArray:
        """Calibrated logits, float32 `[rows, width]`, of embeddings `[rows, dim]`."""
        first: FloatArray = embeddings @ self._weight
        first += self._bias
        if not self._second:
            return first
        out = np.empty((len(first), self.width), np.float32)
        linear = slice(self._linear_start, self._linear_start + self._linear_width)
        out[:, linear] = first[:, : self._linear_width]
        for inputs, columns, weight, bias in self._second:
            out[:, columns] = np.maximum(first[:, inputs], 0) @ weight + bias
        return out


def _facts(one: ClassifierPredictor) -> tuple[str, str, list[str], float | None]:
    scope = one.body.out_of_scope
    limit = None if scope is None else scope.min_logit
    return one.manifest.name, one.manifest.version, one.body.labels, limit


def _is_linear(predictor: ClassifierPredictor) -> bool:
    return predictor.head.hidden_weight is None
