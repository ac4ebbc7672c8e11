"""From the logits of several heads to classifications, vectorised over heads and rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError
from cuebox.core.types import Classification, ClassifyOptions, LabelScore
from cuebox.kinds.classifier.head import sigmoid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.classifier.joint import JointHeads
    from cuebox.kinds.classifier.predict import ClassifierPredictor

__all__ = ["answer"]

_NATURAL = ClassifyOptions()


def answer(
    heads: JointHeads, logits: FloatArray, options: ClassifyOptions
) -> list[list[Classification]]:
    """For each row of `logits` `[rows, width]`, one classification per classifier asked for.

    Raises:
        ModelError: a logit is not finite.
    """
    if len(logits) == 1 and heads.is_one_single and options == _NATURAL:
        return [[_answer_one(heads, logits[0])]]
    by_head: list[list[Classification]] = []
    if heads.single:
        by_head += _answer_single(heads, logits[:, : heads.single_width], options)
    if heads.multi:
        by_head += _answer_multi(heads, logits[:, heads.single_width :], options)
    if len(logits) == 1:
        return [[by_head[place][0] for place in heads.order]]
    return [list(row) for row in zip(*(by_head[place] for place in heads.order), strict=True)]


def _answer_one(heads: JointHeads, logits: FloatArray) -> Classification:
    """One text, one single-label head, its best label: a cache hit's whole computation."""
    name, version, labels, limit = heads.single_facts[0]
    best = int(logits.argmax())
    top = float(logits[best])
    score = 1.0 / float(np.exp(logits - top).sum())
    if not math.isfinite(score) or not math.isfinite(top):
        _check_finite(heads.single, [[math.nan]])
    found = [LabelScore(labels[best], round(score, 6))]
    return Classification(name, version, found, None if limit is None else top < limit)


@dataclass(frozen=True, slots=True)
class _Segments:
    """Softmax over each head's columns; `[rows, heads]` but for `exp`, which is `[columns]`."""

    top: FloatArray
    best: IntArray
    total: FloatArray
    exp: FloatArray


def _segment_softmax(heads: JointHeads, logits: FloatArray) -> _Segments:
    rows = len(logits)
    flat = logits.reshape(-1)
    starts, sizes = heads.starts, heads.sizes
    if rows > 1:
        first = np.arange(rows, dtype=np.int64)[:, None] * heads.single_width
        starts, sizes = (starts + first).reshape(-1), np.tile(sizes, rows)
    top = np.maximum.reduceat(flat, starts)
    shifted = flat - (np.repeat(top, sizes) if len(starts) > 1 else top)
    best = np.flatnonzero(shifted == 0)
    if len(best) != len(starts):  # a tie, or a NaN, which the sum below will show
        best = np.append(best, 0)[best.searchsorted(starts)]
    exp = np.exp(shifted, out=shifted)
    shape = (rows, len(heads.single))
    total = np.add.reduceat(exp, starts).reshape(shape)
    return _Segments(top.reshape(shape), (best - starts).reshape(shape), total, exp)


def _answer_single(
    heads: JointHeads, logits: FloatArray, options: ClassifyOptions
) -> list[list[Classification]]:
    with np.errstate(invalid="ignore"):
        segments = _segment_softmax(heads, logits)
        scores: list[list[float]] = _readable(1.0 / segments.total).T.tolist()
    _check_finite(heads.single, scores)
    tops: list[list[float]] = segments.top.T.tolist()
    if options.threshold is None and options.top_k in (None, 1):
        best: list[list[int]] = segments.best.T.tolist()
        return _answer_best(heads, best, scores, tops)
    exp = segments.exp.reshape(logits.shape)
    lists = _top_lists(heads, exp, segments.total, options.top_k or 1)
    if options.threshold is not None:
        lists = [[_over(row, options.threshold) for row in rows] for rows in lists]
    return [
        [
            Classification(name, version, found, None if limit is None else top < limit)
            for found, top in zip(*pair, strict=True)
        ]
        for (name, version, _, limit), *pair in zip(heads.single_facts, lists, tops, strict=True)
    ]


def _answer_best(
    heads: JointHeads, best: list[list[int]], scores: list[list[float]], tops: list[list[float]]
) -> list[list[Classification]]:
    """The common question, one label per head; every microsecond here is paid per head."""
    return [
        [
            Classification(
                facts[0],
                facts[1],
                [LabelScore(facts[2][label], score)],
                None if facts[3] is None else top < facts[3],
            )
            for label, score, top in zip(labels, row_scores, row_tops, strict=True)
        ]
        for facts, labels, row_scores, row_tops in zip(
            heads.single_facts, best, scores, tops, strict=True
        )
    ]


def _top_lists(
    heads: JointHeads, exp: FloatArray, total: FloatArray, top_k: int
) -> list[list[list[LabelScore]]]:
    lists = []
    columns = zip(heads.single, heads.starts.tolist(), heads.sizes.tolist(), strict=True)
    for place, (one, start, size) in enumerate(columns):
        scores = exp[:, start : start + size] / total[:, place, None]
        lists.append([_best(one.body.labels, row, top_k) for row in scores])
    return lists


def _best(labels: Sequence[str], scores: FloatArray, top_k: int) -> list[LabelScore]:
    """The `top_k` labels, best first; equal scores keep the order of the labels."""
    order = np.argsort(-scores, kind="stable")[:top_k]
    pairs = zip(order.tolist(), _readable(scores[order]).tolist(), strict=True)
    return [LabelScore(labels[label], score) for label, score in pairs]


def _over(scores: list[LabelScore], threshold: float) -> list[LabelScore]:
    return [one for one in scores if one.score >= threshold]


def _answer_multi(
    heads: JointHeads, logits: FloatArray, options: ClassifyOptions
) -> list[list[Classification]]:
    if not math.isfinite(float(logits.sum())):
        _check_finite(heads.multi, [part.sum(axis=1).tolist() for part in _parts(heads, logits)])
    scores = sigmoid(logits)
    over = scores >= (heads.multi_limits if options.threshold is None else options.threshold)
    if options.top_k is None:
        given = _given(heads, scores, over)
    else:
        given = [
            [_top(one.body.labels, row, options) for row in part]
            for one, part in zip(heads.multi, _parts(heads, scores), strict=True)
        ]
    return [
        [
            Classification(one.manifest.name, one.manifest.version, found, outside)
            for found, outside in zip(rows, _outside(one, part), strict=True)
        ]
        for one, rows, part in zip(heads.multi, given, _parts(heads, over), strict=True)
    ]


def _outside(one: ClassifierPredictor, over: NDArray[np.bool_]) -> Sequence[bool | None]:
    """For each row, whether no label is over its threshold; None where that means nothing."""
    if one.body.out_of_scope is None:
        return [None] * len(over)
    return [not given for given in np.any(over, axis=1)]


def _given(
    heads: JointHeads, scores: FloatArray, over: NDArray[np.bool_]
) -> list[list[list[LabelScore]]]:
    """Per classifier and row, the labels over their thresholds, best first: one pass over all."""
    rows, columns = np.nonzero(over)
    found: list[list[list[LabelScore]]] = [[[] for _ in scores] for _ in heads.multi]
    values = _readable(scores[rows, columns]).tolist()
    for row, column, score in zip(rows.tolist(), columns.tolist(), values, strict=True):
        place, label = heads.multi_columns[column]
        found[place][row].append(LabelScore(label, score))
    for of_head in found:
        for labels in of_head:
            if len(labels) > 1:
                labels.sort(key=lambda one: -one.score)
    return found


def _parts(heads: JointHeads, columns: NDArray[Any]) -> list[NDArray[Any]]:
    """The columns of each multi-label classifier."""
    starts = [start - heads.single_width for start in heads.multi_starts]
    return [columns[:, start:stop] for start, stop in pairwise(starts)]


def _top(labels: Sequence[str], scores: FloatArray, options: ClassifyOptions) -> list[LabelScore]:
    found = _best(labels, scores, options.top_k or 1)
    return found if options.threshold is None else _over(found, options.threshold)


def _readable(scores: FloatArray) -> NDArray[np.float64]:
    """Six decimals: all that a calibrated probability means, and half the bytes on the wire."""
    return scores.astype(np.float64).round(6)


def _check_finite(predictors: Sequence[ClassifierPredictor], values: list[list[float]]) -> None:
    """Look at one sum for all heads; only when that is wrong, find the head to blame."""
    if math.isfinite(sum(map(sum, values))):
        return
    for one, row in zip(predictors, values, strict=True):
        if not math.isfinite(sum(row)):
            raise ModelError(
                f"classifier {one.manifest.name!r} gave a value that is not finite: "
                "the embedding or the head is damaged"
            )
