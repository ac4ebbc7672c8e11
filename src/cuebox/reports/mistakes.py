"""Which labels are mixed up, and the rows that were most confidently wrong."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.scores import Confusion, Mistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.predictions import BoolArray, DoubleArray, Predictions

__all__ = ["top_confusions", "worst_mistakes", "wrongness"]


def wrongness(predictions: Predictions) -> DoubleArray:
    """How far each row's answer is on the wrong side, float64 `[rows]`; 0 where it is right.

    The largest probability wrongly given; where nothing was wrongly given, 1 minus the
    smallest probability of a label withheld.
    """
    truth, given = predictions.truth, predictions.given
    extra = np.where(given & ~truth, predictions.probabilities, 0).max(axis=1)
    missed = np.where(truth & ~given, 1 - predictions.probabilities, 0).max(axis=1)
    return np.asarray(np.where(extra > 0, extra, missed))


def top_confusions(
    predictions: Predictions,
    labels: Sequence[str],
    texts: Sequence[str],
    *,
    limit: int = 60,
    examples: int = 3,
) -> list[Confusion]:
    """The most frequent (true, given) pairs, most frequent first.

    `texts` is empty or has one text for each row. See `Confusion` for multi-label pairs.
    """
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    order = np.argsort(-wrongness(predictions), kind="stable")
    wrong = (predictions.truth != predictions.given).any(axis=1)
    for row in order[wrong[order]]:
        missed = np.flatnonzero(predictions.truth[row] & ~predictions.given[row])
        extra = np.flatnonzero(predictions.given[row] & ~predictions.truth[row])
        for truth in missed if len(missed) else (-1,):
            for given in extra if len(extra) else (-1,):
                pairs[int(truth), int(given)].append(int(row))
    support = np.append(predictions.truth.sum(axis=0), len(predictions.truth))
    names = [*labels, ""]
    ranked = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        Confusion(
            truth=names[truth],
            predicted=names[given],
            count=len(rows),
            share=len(rows) / int(support[truth]),
            examples=_distinct(texts, rows, examples),
        )
        for (truth, given), rows in ranked[:limit]
    ]


def worst_mistakes(
    predictions: Predictions,
    labels: Sequence[str],
    texts: Sequence[str],
    *,
    rejected: BoolArray,
    limit: int,
) -> list[Mistake]:
    """The rows most confidently wrong, worst first; `rejected`, bool `[rows]`, are left out."""
    far = np.where(rejected, 0, wrongness(predictions))
    order = np.argsort(-far, kind="stable")[:limit]
    return [
        Mistake(
            row=int(row),
            text=texts[row] if len(texts) else "",
            truth=[labels[index] for index in _members(predictions.truth[row])],
            predicted=[labels[index] for index in _members(predictions.given[row])],
            probability=float(far[row]),
        )
        for row in order
        if far[row] > 0
    ]


def _distinct(texts: Sequence[str], rows: Sequence[int], most: int) -> list[str]:
    """The first different texts among `rows`; none when there are no texts."""
    if not len(texts):
        return []
    return list(dict.fromkeys(texts[row] for row in rows))[:most]


def _members(row: BoolArray) -> list[int]:
    return [int(index) for index in np.flatnonzero(row)]
