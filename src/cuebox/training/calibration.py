"""Probabilities that mean what they say: logits scaled and shifted on held-out rows.

Both methods are affine in the logits, so they fold into the last layer of a head and cost
nothing when it is served. Isotonic regression would not, and overfits labels with few rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray, IntArray

__all__ = ["fit_platt", "fit_temperature"]

_NEWTON_STEPS = 30
# Strength of the prior that pulls a label with few rows to the scale all labels share.
_PRIOR = 4.0


def fit_temperature(logits: FloatArray, truth: IntArray) -> float:
    """The temperature that makes the softmax of `logits / temperature` most likely.

    Guo et al., 2017, "On calibration of modern neural networks".

    Args:
        logits: `[rows, labels]` of rows that the head was not trained on.
        truth: index of each row's label.

    Returns:
        A temperature in [0.02, 50]; 1.0 when there is no row.
    """
    from scipy.optimize import minimize_scalar

    if not len(truth):
        return 1.0
    values = logits.astype(np.float64)
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        scaled = values / np.exp(log_temperature)
        top = scaled.max(axis=1)
        total = np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top
        return float((total - scaled[rows, truth]).mean())

    bounds = (float(np.log(0.02)), float(np.log(50)))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def fit_platt(
    logits: FloatArray, truth: FloatArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and shift per label that make `sigmoid(scale * logits + shift)` most likely.

    Platt, 1999; with a normal prior around the scale and shift that fit all labels together,
    so that a label with few held-out rows is not calibrated to its noise.

    Args:
        logits: `[rows, labels]` of rows that the head was not trained on.
        truth: 0 or 1, `[rows, labels]`.

    Returns:
        scale and shift, `[labels]` each; ones and zeros when there is no row.
    """
    labels = logits.shape[1]
    scale, shift = np.ones(1), np.zeros(1)
    if not len(logits):
        return np.ones(labels), np.zeros(labels)
    values, wanted = logits.astype(np.float64), truth.astype(np.float64)
    scale, shift = _newton(values.reshape(-1, 1), wanted.reshape(-1, 1), scale, shift, 1e-3)
    return _newton(values, wanted, np.repeat(scale, labels), np.repeat(shift, labels), _PRIOR)


def _newton(
    logits: NDArray[np.float64],
    truth: NDArray[np.float64],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    prior: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Damped Newton steps on all labels at once; the start is the centre of the prior."""
    centre = np.stack([scale, shift])
    point = centre.copy()
    loss = _loss(logits, truth, point, centre, prior)
    for _ in range(_NEWTON_STEPS):
        step = _newton_step(logits, truth, point, centre, prior)
        size = np.ones_like(loss)
        for _ in range(8):
            moved = point - size * step
            new_loss = _loss(logits, truth, moved, centre, prior)
            worse = new_loss > loss
            if not worse.any():
                break
            size = np.where(worse, size / 4, size)
        better = new_loss <= loss
        point = np.where(better, moved, point)
        gain = np.where(better, loss - new_loss, 0)
        loss = np.where(better, new_loss, loss)
        if gain.max() < 1e-9 * len(logits):
            break
    # A negative scale would turn the ranking round, which only noise can ask for.
    point[0] = np.maximum(point[0], 0.05)
    return point[0], point[1]


def _loss(
    logits: NDArray[np.float64],
    truth: NDArray[np.float64],
    point: NDArray[np.float64],
    centre: NDArray[np.float64],
    prior: float,
) -> NDArray[np.float64]:
    value = point[0] * logits + point[1]
    likelihood = (np.logaddexp(0, value) - truth * value).sum(axis=0)
    return np.asarray(likelihood + prior / 2 * ((point - centre) ** 2).sum(axis=0))


def _newton_step(
    logits: NDArray[np.float64],
    truth: NDArray[np.float64],
    point: NDArray[np.float64],
    centre: NDArray[np.float64],
    prior: float,
) -> NDArray[np.float64]:
    """Hessian inverse times gradient, `[2, labels]`."""
    said = 0.5 + 0.5 * np.tanh(0.5 * (point[0] * logits + point[1]))
    off, weight = said - truth, said * (1 - said)
    gradient = np.stack([(off * logits).sum(axis=0), off.sum(axis=0)]) + prior * (point - centre)
    aa = (weight * logits**2).sum(axis=0) + prior
    ab = (weight * logits).sum(axis=0)
    bb = weight.sum(axis=0) + prior
    determinant = aa * bb - ab**2
    return np.asarray(
        np.stack([bb * gradient[0] - ab * gradient[1], aa * gradient[1] - ab * gradient[0]])
        / determinant
    )
