"""How quality grows with the amount of data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.classifier.candidates import Candidate, fit_head
from cuebox.kinds.classifier.search import thousandths
from cuebox.kinds.classifier.selection import metric_name, score_logits
from cuebox.reports.classification_report import LearningCurve, LearningPoint
from cuebox.training.parallel import run_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.classifier.data import ClassifierData, Part
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.training.progress import Progress

__all__ = ["learning_curve"]


def learning_curve(
    candidate: Candidate,
    data: ClassifierData,
    embeddings: dict[str, FloatArray],
    settings: ClassifierSettings,
    progress: Progress,
) -> LearningCurve | None:
    """The chosen head on growing shares of the training rows, measured on the test rows.

    Test rows choose nothing here. Without any, validation rows take their place; without
    those, or without shares, there is no curve.
    """
    held_name = "test" if len(data.test) else "validation"
    held: Part = data.parts().get(held_name, data.train)
    shares = sorted(set(settings.learning_curve.shares))
    if held is data.train or not shares:
        return None
    metric = metric_name(settings.head.metric, data.task)
    keep = data.train.targets.any(axis=1) | (data.task == "multi")
    inputs, targets = embeddings["train"][keep], data.train.targets[keep]
    order = np.random.default_rng(settings.seed).permutation(len(inputs))
    subsets = [order[: max(2, round(share * len(order)))] for share in shares]

    def measure(rows: IntArray, on_share: Callable[[float], None]) -> LearningPoint:
        head = fit_head(
            candidate,
            inputs[rows],
            targets[rows],
            on_share,
            task=data.task,
            settings=settings.head,
            seed=settings.seed,
        )
        value, train = (
            score_logits(head.logits(x), y, task=data.task, metric=metric)
            for x, y in ((embeddings[held_name], held.targets), (inputs[rows], targets[rows]))
        )
        return LearningPoint(rows=len(rows), value=value, train=train)

    with progress.stage("Drawing the learning curve", 1000) as step:
        points = run_jobs([partial(measure, rows) for rows in subsets], thousandths(step))
    return LearningCurve(metric=metric, points=points)
