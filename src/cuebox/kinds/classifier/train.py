"""Train a classifier's head on the embeddings of the encoder that will serve it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.classifier.body import ClassifierBody, OutOfScope
from cuebox.kinds.classifier.candidates import Candidate, average_heads, fit_head, members
from cuebox.kinds.classifier.head import Head, sigmoid
from cuebox.kinds.classifier.learning_curve import learning_curve
from cuebox.kinds.classifier.scope import fit_min_logit
from cuebox.kinds.classifier.search import (
    Pool,
    Trial,
    choose,
    make_pool,
    search,
    thousandths,
)
from cuebox.kinds.classifier.selection import label_thresholds
from cuebox.training.calibration import fit_platt, fit_temperature
from cuebox.training.parallel import run_jobs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cuebox.core.ports import EmbedTexts
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.data import ClassifierData, Part
    from cuebox.kinds.classifier.settings import ClassifierSettings, HeadType
    from cuebox.reports.classification_report import LearningCurve
    from cuebox.training.progress import Progress
    from cuebox.training.runs import Run

__all__ = ["Calibration", "Trained", "train"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scale and shift of the logits, `[labels]` each, and how they were found."""

    method: str
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(self, logits: FloatArray) -> FloatArray:
        """Calibrated logits, float32 `[rows, labels]`."""
        return np.asarray(logits * self.scale + self.shift, np.float32)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained classifier and all that was learnt on the way.

    Attributes:
        head: before calibration.
        calibration: what `export` folds into the head.
        body: of the manifest to be.
        trials: the search; `chosen` is one of them.
        seconds: of the whole training, embedding included.
    """

    settings: ClassifierSettings
    data: ClassifierData
    embeddings: dict[str, FloatArray]
    head: Head
    calibration: Calibration
    body: ClassifierBody
    trials: list[Trial]
    chosen: Trial
    curve: LearningCurve | None
    seconds: float

    def probabilities(self, embeddings: FloatArray) -> NDArray[np.float64]:
        """Calibrated probabilities in double precision, step by step: what export must match."""
        inputs = embeddings.astype(np.float64)
        if self.head.hidden_weight is not None and self.head.hidden_bias is not None:
            inputs = np.maximum(inputs @ self.head.hidden_weight.T + self.head.hidden_bias, 0)
        raw = inputs @ self.head.weight.T.astype(np.float64) + self.head.bias
        logits = raw * self.calibration.scale + self.calibration.shift
        if self.body.task == "multi":
            return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exp / exp.sum(axis=1, keepdims=True))


def train(
    data: ClassifierData,
    settings: ClassifierSettings,
    embed: EmbedTexts,
    run: Run,
    progress: Progress,
) -> Trained:
    """Search, calibrate, set thresholds, and train the chosen head for good.

    Interrupted, the run's folder keeps every finished trial and the embedding cache every
    embedding, so that the next call carries on. The same data, settings and embeddings give
    the same head.
    """
    started = time.perf_counter()
    embeddings = embed_parts(data.parts(), settings, embed, progress)
    pool = _pool(data, settings, embeddings)
    trials = search(pool, settings, data.task, run, progress)
    chosen = choose(trials, simplest_within=settings.head.simplest_within, rows=len(pool.held))
    held, head = _fit_final(pool, chosen.candidate, settings, data, embeddings, progress)
    calibration = _calibrate(held, settings, data)
    body = _body(data, settings, chosen.candidate.type, calibration, held)
    curve = learning_curve(chosen.candidate, data, embeddings, settings, progress)
    return Trained(
        settings=settings,
        data=data,
        embeddings=embeddings,
        head=head,
        calibration=calibration,
        body=body,
        trials=trials,
        chosen=chosen,
        curve=curve,
        seconds=time.perf_counter() - started,
    )


def embed_parts(
    parts: dict[str, Part], settings: ClassifierSettings, embed: EmbedTexts, progress: Progress
) -> dict[str, FloatArray]:
    """Embeddings of each split, by its name."""
    total = sum(len(part) for part in parts.values())
    with progress.stage("Reading texts with the encoder", total) as step:
        return {name: embed(part.texts, settings.text, step) for name, part in parts.items()}


def _pool(
    data: ClassifierData, settings: ClassifierSettings, embeddings: dict[str, FloatArray]
) -> Pool:
    def labelled(name: str, part: Part) -> tuple[FloatArray, FloatArray]:
        if not len(part):
            return np.empty((0, embeddings["train"].shape[1]), np.float32), part.targets
        keep = part.targets.any(axis=1) if data.task == "single" else np.ones(len(part), bool)
        return embeddings[name][keep], part.targets[keep]

    return make_pool(
        labelled("train", data.train),
        labelled("validation", data.validation),
        folds=settings.head.folds,
        seed=settings.seed,
    )


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """The chosen head as it will be served, ensemble and all, on rows it has not seen.

    Attributes:
        logits, targets: of the held-out rows.
        outside: logits of the out-of-scope rows of train and validation, which no head learns
            from.
    """

    logits: FloatArray
    targets: FloatArray
    outside: FloatArray


def _fit_final(
    pool: Pool,
    candidate: Candidate,
    settings: ClassifierSettings,
    data: ClassifierData,
    embeddings: dict[str, FloatArray],
    progress: Progress,
) -> tuple[_HeldOut, Head]:
    """Train the chosen head on each fold, to calibrate it, and on all rows, to serve it."""
    subsets = [learnt for learnt, _ in pool.folds]
    if settings.head.refit or len(pool.folds) > 1:
        subsets.append(np.arange(len(pool.targets)))
    count = members(candidate, settings.head)
    jobs = [
        partial(
            fit_head,
            candidate,
            pool.embeddings[rows],
            pool.targets[rows],
            task=data.task,
            settings=settings.head,
            seed=settings.seed + 1000 * member,
        )
        for rows in subsets
        for member in range(count)
    ]
    with progress.stage("Training the chosen head", 1000) as step:
        fitted = run_jobs(jobs, thousandths(step))
    heads = [average_heads(fitted[start : start + count]) for start in range(0, len(fitted), count)]
    logits = [
        head.logits(pool.embeddings[held])
        for head, (_, held) in zip(heads, pool.folds, strict=False)
    ]
    strangers = [
        embeddings[name][part.outside]
        for name, part in data.parts().items()
        if name in ("train", "validation")
    ]
    outside = heads[0].logits(np.concatenate(strangers))
    return _HeldOut(np.concatenate(logits), pool.targets[pool.held], outside), heads[-1]


def _calibrate(held: _HeldOut, settings: ClassifierSettings, data: ClassifierData) -> Calibration:
    labels = len(data.labels)
    if not settings.head.calibrate:
        return Calibration("none", np.ones(labels), np.zeros(labels))
    if data.task == "multi":
        return Calibration("platt", *fit_platt(held.logits, held.targets))
    temperature = fit_temperature(held.logits, held.targets.argmax(axis=1))
    return Calibration("temperature", np.full(labels, 1 / temperature), np.zeros(labels))


def _body(
    data: ClassifierData,
    settings: ClassifierSettings,
    head: HeadType,
    calibration: Calibration,
    held: _HeldOut,
) -> ClassifierBody:
    logits = calibration.apply(held.logits)
    thresholds: list[float] = []
    scope: OutOfScope | None = None
    if data.task == "multi":
        thresholds = label_thresholds(sigmoid(logits), held.targets)
        if settings.out_of_scope.enabled:
            scope = OutOfScope(label=settings.out_of_scope.label)
    elif settings.out_of_scope.enabled:
        limit = fit_min_logit(
            logits.max(axis=1),
            calibration.apply(held.outside).max(axis=1),
            coverage=settings.out_of_scope.coverage,
        )
        scope = OutOfScope(label=settings.out_of_scope.label, min_logit=limit)
    return ClassifierBody(
        labels=data.labels,
        task=data.task,
        text=settings.text,
        head=head,
        calibration=calibration.method,
        thresholds=thresholds,
        out_of_scope=scope,
    )
