"""Softmax and sigmoid regression, with or without a hidden layer, trained in numpy.

Heads are small and their inputs are embeddings computed once, so this takes seconds and needs
neither torch nor a GPU. Noise on the inputs and smoothed targets regularise better here than a
penalty on the weights: on banking77 a linear head gains half a point of accuracy by them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.classifier.head import Head, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task

__all__ = ["NetworkRecipe", "train_network"]

_BATCH = 256
_FEWEST_STEPS, _MOST_STEPS = 400, 8000
# Random numbers are drawn once and each step takes a stretch of them from a random place:
# drawing them anew would take longer than the matrix products.
_RANDOM = 1 << 18
_WARMUP = 0.05
_BETA1, _BETA2, _EPSILON = 0.9, 0.99, 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRecipe:
    """How one network is trained.

    Attributes:
        hidden: width of the hidden layer; 0 for none.
        lr: highest learning rate of AdamW; it warms up and falls along a cosine.
        noise: standard deviation of the normal noise on inputs, whose own is 1.
        input_dropout, dropout: share of inputs and of hidden units left out in each step.
        label_smoothing: share of each target given to all labels (single label: evenly; multi:
            by their frequency).
    """

    hidden: int = 0
    lr: float = 0.005
    epochs: int = 40
    noise: float = 0.3
    input_dropout: float = 0.1
    dropout: float = 0.3
    label_smoothing: float = 0.1
    weight_decay: float = 1e-4


def train_network(
    embeddings: FloatArray,
    targets: FloatArray,
    recipe: NetworkRecipe,
    *,
    task: Task,
    seed: int,
    weights: FloatArray | None = None,
    on_share: Callable[[float], None] | None = None,
) -> Head:
    """Train one network.

    Args:
        embeddings: float32 `[rows, dim]`, of unit length.
        targets: 0 and 1, float32 `[rows, labels]`.
        weights: of each row's loss, `[rows, 1]`, or of each label's too, `[rows, labels]`.
        on_share: told now and then which share of all steps is done.

    Returns:
        A head whose logits are not calibrated yet.
    """
    return _Training(embeddings, targets, recipe, task=task, seed=seed, weights=weights).run(
        on_share or (lambda _: None)
    )


class _Training:
    """The state of a training: parameters by name, and Adam's two moments of each."""

    def __init__(
        self,
        embeddings: FloatArray,
        targets: FloatArray,
        recipe: NetworkRecipe,
        *,
        task: Task,
        seed: int,
        weights: FloatArray | None,
    ) -> None:
        # Components of a unit vector have variance 1 / dim; noise is measured against 1.
        self._scale = np.float32(math.sqrt(embeddings.shape[1]))
        self._inputs: FloatArray = embeddings * self._scale
        self._recipe = recipe
        self._rng = np.random.default_rng(seed)
        self._activate: Callable[[FloatArray], FloatArray] = (
            softmax if task == "single" else sigmoid
        )
        self._weights = weights
        smooth = np.float32(recipe.label_smoothing)
        share = 1 / targets.shape[1] if task == "single" else targets.mean(axis=0)
        self._targets = (targets * (1 - smooth) + smooth * share).astype(np.float32)
        widest = min(_BATCH, len(embeddings)) * max(embeddings.shape[1], recipe.hidden)
        self._noise = self._normal(_RANDOM + widest) * np.float32(recipe.noise)
        self._uniform: FloatArray = self._rng.random(_RANDOM + widest, dtype=np.float32)
        self._parameters = self._initial(targets.shape[1])
        self._first = {name: np.zeros_like(value) for name, value in self._parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in self._parameters.items()}

    def run(self, on_share: Callable[[float], None]) -> Head:
        rows = len(self._inputs)
        batches = math.ceil(rows / _BATCH)
        total = min(max(self._recipe.epochs * batches, _FEWEST_STEPS), _MOST_STEPS)
        order = np.empty(0, np.int64)
        for step in range(1, total + 1):
            if not len(order):
                order = self._rng.permutation(rows)
            batch, order = order[:_BATCH], order[_BATCH:]
            self._update(self._gradients(batch), step, _rate(self._recipe.lr, step, total))
            if step % 50 == 0:
                on_share(step / total)
        return self._head()

    def _initial(self, labels: int) -> dict[str, FloatArray]:
        dim, hidden = self._inputs.shape[1], self._recipe.hidden
        if not hidden:
            return {
                "weight": np.zeros((dim, labels), np.float32),
                "bias": np.zeros(labels, np.float32),
            }
        return {
            "hidden_weight": self._normal(dim, hidden) * np.float32(math.sqrt(2 / dim)),
            "hidden_bias": np.zeros(hidden, np.float32),
            "weight": self._normal(hidden, labels) * np.float32(math.sqrt(1 / hidden)),
            "bias": np.zeros(labels, np.float32),
        }

    def _normal(self, *shape: int) -> FloatArray:
        return self._rng.standard_normal(shape, dtype=np.float32)

    def _gradients(
        self, batch: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> dict[str, FloatArray]:
        parameters, recipe = self._parameters, self._recipe
        inputs = self._inputs[batch]
        if recipe.noise:
            inputs = inputs + self._stretch(self._noise, inputs.shape)
        inputs = inputs * self._keep(inputs.shape, recipe.input_dropout)
        last, mask = inputs, None
        if recipe.hidden:
            before = inputs @ parameters["hidden_weight"] + parameters["hidden_bias"]
            mask = (before > 0) * self._keep(before.shape, recipe.dropout)
            last = before * mask
        said = self._activate(last @ parameters["weight"] + parameters["bias"])
        off = (said - self._targets[batch]) / np.float32(len(batch))
        if self._weights is not None:
            off = off * self._weights[batch]
        gradients = {"weight": last.T @ off, "bias": off.sum(axis=0)}
        if mask is not None:
            back = (off @ parameters["weight"].T) * mask
            gradients |= {"hidden_weight": inputs.T @ back, "hidden_bias": back.sum(axis=0)}
        return gradients

    def _keep(self, shape: tuple[int, ...], dropout: float) -> FloatArray | np.float32:
        if not dropout:
            return np.float32(1)
        kept = self._stretch(self._uniform, shape) >= np.float32(dropout)
        return kept * np.float32(1 / (1 - dropout))

    def _stretch(self, source: FloatArray, shape: tuple[int, ...]) -> FloatArray:
        start = int(self._rng.integers(_RANDOM))
        return source[start : start + math.prod(shape)].reshape(shape)

    def _update(self, gradients: dict[str, FloatArray], step: int, rate: float) -> None:
        scale1, scale2 = 1 / (1 - _BETA1**step), 1 / (1 - _BETA2**step)
        for name, gradient in gradients.items():
            first, second = self._first[name], self._second[name]
            first += np.float32(1 - _BETA1) * (gradient - first)
            second += np.float32(1 - _BETA2) * (gradient * gradient - second)
            value = self._parameters[name]
            if name.endswith("weight"):
                value *= np.float32(1 - rate * self._recipe.weight_decay)
            root = np.sqrt(second * np.float32(scale2)) + np.float32(_EPSILON)
            value -= np.float32(rate * scale1) * first / root

    def _head(self) -> Head:
        arrays = {name: np.ascontiguousarray(value.T) for name, value in self._parameters.items()}
        first = "hidden_weight" if self._recipe.hidden else "weight"
        arrays[first] *= self._scale
        return Head(**arrays)


def _rate(highest: float, step: int, total: int) -> float:
    warm = min(1.0, step / max(1.0, total * _WARMUP))
    return highest * warm * 0.5 * (1 + math.cos(math.pi * step / total))
