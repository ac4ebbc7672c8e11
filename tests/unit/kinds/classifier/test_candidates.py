from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.kinds.classifier.candidates import (
    Candidate,
    average_heads,
    candidates,
    fit_head,
    loss_weights,
)
from cuebox.kinds.classifier.settings import HeadSettings

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.head import Head

SETTINGS = HeadSettings()


def clusters(rows: int, labels: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Unit vectors around one direction for each label, and one-hot targets."""
    rng = np.random.default_rng(seed)
    centres = np.eye(labels, 12, dtype=np.float32)
    place = np.arange(rows) % labels
    values = centres[place] + rng.normal(0, 0.15, (rows, 12)).astype(np.float32)
    unit: FloatArray = values / np.linalg.norm(values, axis=1, keepdims=True)
    return unit, np.eye(labels, dtype=np.float32)[place]


def fit(candidate: Candidate, x: FloatArray, y: FloatArray, task: Task, seed: int = 0) -> Head:
    return fit_head(candidate, x, y, lambda _: None, task=task, settings=SETTINGS, seed=seed)


@pytest.mark.parametrize("task", ["single", "multi"])
@pytest.mark.parametrize("candidate", candidates(HeadSettings(types=("linear", "mlp", "centroid"))))
def test_every_head_learns_what_is_easy(candidate: Candidate, task: Task) -> None:
    x, y = clusters(200, 4)
    held_x, held_y = clusters(80, 4, seed=1)
    head = fit(candidate, x, y, task)
    assert (head.logits(held_x).argmax(axis=1) == held_y.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize("type_", ["linear", "mlp"])
def test_the_same_seed_gives_the_same_head(type_: str) -> None:
    candidate = next(one for one in candidates(HeadSettings()) if one.type == type_)
    x, y = clusters(60, 3)
    first, again, other = (fit(candidate, x, y, "single", seed) for seed in (1, 1, 2))
    assert (first.weight == again.weight).all()
    assert (first.weight != other.weight).any()


def test_an_ensemble_says_the_mean_of_its_members() -> None:
    x, y = clusters(60, 3)
    candidate = Candidate(type="mlp", hidden=16, noise=0.3)
    heads = [fit(candidate, x, y, "single", seed) for seed in range(3)]
    mean = np.mean([head.logits(x) for head in heads], axis=0)
    assert average_heads(heads).logits(x) == pytest.approx(mean, abs=1e-5)


def test_logits_of_a_linear_head_have_mean_zero() -> None:
    x, y = clusters(60, 3)
    logits = fit(Candidate(type="linear"), x, y, "single").logits(x)
    assert logits.mean(axis=1) == pytest.approx(np.zeros(60), abs=1e-5)


@pytest.mark.parametrize("task", ["single", "multi"])
def test_class_weights_lift_rare_labels_within_bounds(task: Task) -> None:
    targets = np.zeros((1001, 2), np.float32)
    targets[:1000, 0] = 1
    targets[1000, 1] = 1
    assert loss_weights(targets, SETTINGS, task) is None
    for power in ("sqrt", "balanced"):
        weights = loss_weights(targets, HeadSettings(class_weight=power), task)
        assert weights is not None
        rare, common = (weights[1000, -1], weights[0, 0])
        assert 3 < float(rare / common) <= 100
