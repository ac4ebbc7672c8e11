"""The heads that the search tries, and how each is trained."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.kinds.classifier.head import Head
from cuebox.kinds.classifier.network import NetworkRecipe, train_network
from cuebox.kinds.classifier.settings import HeadType

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.settings import HeadSettings

__all__ = [
    "Candidate",
    "average_heads",
    "candidates",
    "fit_head",
    "loss_weights",
    "members",
]

# A layer of this width or more is regularised harder.
_WIDE = 1024
# The largest weight of a row against the mean, or a label with one row would lead the training.
_MOST_WEIGHT = 10.0


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One combination of settings."""

    type: HeadType
    hidden: int = 0
    noise: float = 0.0
    label_smoothing: float = 0.0

    @property
    def cost(self) -> int:
        """Hidden units; what serving computes beyond a linear head grows with them."""
        return self.hidden

    def describe(self) -> dict[str, str]:
        """For tables."""
        said = {"type": str(self.type)}
        if self.type != "centroid":
            said |= {"noise": f"{self.noise:g}", "label smoothing": f"{self.label_smoothing:g}"}
        return said | ({"hidden": str(self.hidden)} if self.hidden else {})


def candidates(settings: HeadSettings) -> list[Candidate]:
    """Every combination, cheapest to serve first."""
    found: list[Candidate] = []
    recipes = list(product(settings.noise, settings.label_smoothing))
    if "centroid" in settings.types:
        found.append(Candidate(type="centroid"))
    if "linear" in settings.types:
        found += [
            Candidate(type="linear", noise=noise, label_smoothing=smoothing)
            for noise, smoothing in recipes
        ]
    if "mlp" in settings.types:
        found += [
            Candidate(type="mlp", hidden=hidden, noise=noise, label_smoothing=smoothing)
            for hidden in sorted(settings.hidden)
            for noise, smoothing in recipes
        ]
    return found


def members(candidate: Candidate, settings: HeadSettings) -> int:
    """How many networks the final head averages; for a linear head one is as good as several."""
    return settings.ensemble if candidate.hidden else 1


def fit_head(
    candidate: Candidate,
    embeddings: FloatArray,
    targets: FloatArray,
    on_share: Callable[[float], None],
    *,
    task: Task,
    settings: HeadSettings,
    seed: int,
) -> Head:
    """Train a candidate on embeddings `[rows, dim]` and targets `[rows, labels]`.

    Returns a head that is not calibrated yet; the logits of a single-label one without a hidden
    layer have mean 0 in each row.
    """
    if candidate.type == "centroid":
        head = _centroids(embeddings, targets, task)
    else:
        head = train_network(
            embeddings,
            targets,
            _recipe(candidate),
            task=task,
            seed=seed,
            weights=loss_weights(targets, settings, task),
            on_share=on_share,
        )
    return _centred(head) if task == "single" and not candidate.hidden else head


def loss_weights(targets: FloatArray, settings: HeadSettings, task: Task) -> FloatArray | None:
    """Weights of the loss by how rare a label is: `[rows, 1]`, or `[rows, labels]` for multi.

    The mean weight is 1; for multi-label data a positive weighs as its label is rare among the
    positives of all labels.
    """
    if settings.class_weight == "none":
        return None
    count = np.maximum(targets.sum(axis=0), 1)
    power = 1.0 if settings.class_weight == "balanced" else 0.5
    by_label = (count.mean() / count) ** power
    by_label = np.clip(by_label, 1 / _MOST_WEIGHT, _MOST_WEIGHT).astype(np.float32)
    if task == "multi":
        return np.where(targets > 0, by_label, np.float32(1)).astype(np.float32)
    rows: FloatArray = targets @ by_label
    scaled: FloatArray = (rows / rows.mean()).astype(np.float32)[:, None]
    return scaled


def _recipe(candidate: Candidate) -> NetworkRecipe:
    """The rest of the recipe, as it was found best on banking77 and clinc150."""
    linear = not candidate.hidden
    return NetworkRecipe(
        hidden=candidate.hidden,
        lr=0.005 if linear else 0.002,
        epochs=60 if linear else 40,
        noise=candidate.noise,
        input_dropout=0.2 if linear else 0.1,
        dropout=0.5 if candidate.hidden >= _WIDE else 0.3,
        label_smoothing=candidate.label_smoothing,
    )


def _centroids(embeddings: FloatArray, targets: FloatArray, task: Task) -> Head:
    """Cosine with each label's mean, less what all labels have in common.

    Snell et al., 2017, "Prototypical networks for few-shot learning", on fixed embeddings.
    """
    count = np.maximum(targets.sum(axis=0), 1)[:, None]
    means = (targets.T @ embeddings) / count - embeddings.mean(axis=0)
    if task == "single":
        means = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)
    # A cosine spans too little for a softmax; calibration finds the right scale from here.
    weight = (means * 10).astype(np.float32)
    bias = -(weight @ embeddings.mean(axis=0))
    return Head(np.ascontiguousarray(weight), bias.astype(np.float32))


def average_heads(heads: list[Head]) -> Head:
    """One head whose logits are the mean of all."""
    if len(heads) == 1:
        return heads[0]
    share = np.float32(1 / len(heads))
    bias = np.stack([head.bias for head in heads]).mean(axis=0)
    if heads[0].hidden_weight is None:
        return Head(np.stack([head.weight for head in heads]).mean(axis=0), bias)
    return Head(
        np.concatenate([head.weight * share for head in heads], axis=1),
        bias,
        np.concatenate([head.hidden_weight for head in heads if head.hidden_weight is not None]),
        np.concatenate([head.hidden_bias for head in heads if head.hidden_bias is not None]),
    )


def _centred(head: Head) -> Head:
    """The same probabilities from logits of mean 0 in each row.

    A softmax does not mind what is added to all logits, but the highest logit, which tells
    texts that are out of scope, does: on clinc150 this is worth 1 point of AUROC.
    """
    return Head(head.weight - head.weight.mean(axis=0), head.bias - head.bias.mean())
