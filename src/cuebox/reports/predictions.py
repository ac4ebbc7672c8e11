"""Checked predictions: the arrays that every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cuebox.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BoolArray", "DoubleArray", "Predictions", "check_rows", "check_scores"]

BoolArray = NDArray[np.bool_]
DoubleArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What is true and what the model says, row by row.

    Attributes:
        truth: bool `[rows, labels]`; single label: one true entry a row.
        given: bool `[rows, labels]`, the model's answer before any rejection.
        probabilities: float64 `[rows, labels]`.
        smallest: probabilities below this are raised to it before a logarithm: the machine
            epsilon of the type they came in.
    """

    truth: BoolArray
    given: BoolArray
    probabilities: DoubleArray
    smallest: float

    def take(self, rows: BoolArray) -> Predictions:
        """The rows where `rows`, bool `[rows]`, is true."""
        return Predictions(
            self.truth[rows], self.given[rows], self.probabilities[rows], self.smallest
        )


def check_rows(
    truth: ArrayLike,
    probabilities: ArrayLike,
    labels: Sequence[str],
    *,
    multilabel: bool,
    thresholds: ArrayLike | None,
) -> Predictions:
    """Check shapes and values, and bring both tasks into one form.

    Arguments are those of `classification_scores`. A single-label row without a true label
    (-1) becomes a row of zeros in `truth`.

    Raises:
        DataError: a shape does not fit, a value is not finite or out of range.
    """
    if not labels or len(set(labels)) != len(labels):
        raise DataError("labels must be at least one, each named once", param="labels")
    given_type = np.asarray(probabilities).dtype
    values = _check_probabilities(np.asarray(probabilities, dtype=np.float64), len(labels))
    smallest = float(np.finfo(given_type if given_type.kind == "f" else np.float64).eps)
    if multilabel:
        limits = check_thresholds(0.5 if thresholds is None else thresholds, len(labels))
        return Predictions(_membership(truth, values), values >= limits, values, smallest)
    if thresholds is not None:
        raise DataError("thresholds are for multi-label models only", param="thresholds")
    _check_sums(values)
    given = np.zeros(values.shape, dtype=np.bool_)
    given[np.arange(len(values)), values.argmax(axis=1)] = True
    return Predictions(_one_hot(truth, values), given, values, smallest)


def check_thresholds(thresholds: ArrayLike, labels: int) -> DoubleArray:
    """One threshold for each label, float64 `[labels]`."""
    limits = np.asarray(thresholds, dtype=np.float64)
    if limits.ndim > 1 or (limits.ndim == 1 and len(limits) != labels):
        raise DataError(
            f"thresholds have shape {limits.shape}, expected one number or ({labels},)",
            param="thresholds",
        )
    _check_finite(limits, "thresholds")
    return np.broadcast_to(limits, (labels,))


def check_scores(scores: ArrayLike, rows: int, *, param: str) -> DoubleArray:
    """Finite scores, one for each row, float64 `[rows]`."""
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (rows,):
        raise DataError(f"{param} have shape {values.shape}, expected ({rows},)", param=param)
    _check_finite(values, param)
    return values


def _check_probabilities(values: DoubleArray, labels: int) -> DoubleArray:
    if values.ndim != 2 or values.shape[1] != labels:
        raise DataError(
            f"probabilities have shape {values.shape}, expected (rows, {labels})",
            param="probabilities",
        )
    if not len(values):
        raise DataError("there are no rows to score", param="probabilities")
    _check_finite(values, "probabilities")
    wrong = (values < 0) | (values > 1 + 1e-6)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"probability {values[row, column]:.6g} in row {row}, label {column}, is outside "
            "[0, 1]: pass probabilities, not logits",
            param="probabilities",
        )
    return values


def _check_finite(values: DoubleArray, param: str) -> None:
    wrong = ~np.isfinite(values)
    if wrong.any():
        first = tuple(int(index) for index in np.argwhere(wrong)[0])
        raise DataError(
            f"{param} hold {values[first]} at {first} ({int(wrong.sum())} such values): "
            "every score must be a finite number",
            param=param,
        )


def _check_sums(values: DoubleArray) -> None:
    sums = values.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > 0.01)
    if len(wrong):
        raise DataError(
            f"probabilities of row {wrong[0]} sum to {sums[wrong[0]]:.4g}, not 1 "
            f"({len(wrong)} such rows): pass multilabel=True for independent labels",
            param="probabilities",
        )


def _one_hot(truth: ArrayLike, values: DoubleArray) -> BoolArray:
    rows, labels = values.shape
    indices = np.asarray(truth)
    if indices.shape != (rows,) or indices.dtype.kind not in "iu":
        raise DataError(
            f"truth has shape {indices.shape} and type {indices.dtype}, expected ({rows},) "
            "whole numbers: the true label's index, -1 for out of scope",
            param="truth",
        )
    if indices.min() < -1 or indices.max() >= labels:
        raise DataError(
            f"truth reaches from {indices.min()} to {indices.max()}, expected -1 to {labels - 1}",
            param="truth",
        )
    return np.asarray(indices[:, None] == np.arange(labels))


def _membership(truth: ArrayLike, values: DoubleArray) -> BoolArray:
    members = np.asarray(truth)
    if members.shape != values.shape or not np.isin(members, (0, 1)).all():
        raise DataError(
            f"multi-label truth has shape {members.shape}, expected {values.shape} of 0 and 1",
            param="truth",
        )
    return members.astype(np.bool_)
