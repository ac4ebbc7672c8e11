"""The search over heads: every candidate on the same held-out rows, the simplest good one wins."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.candidates import Candidate, candidates, fit_head
from cuebox.kinds.classifier.selection import metric_name, score_logits
from cuebox.training.parallel import run_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.training.progress import Progress, Step
    from cuebox.training.runs import Run

__all__ = ["Pool", "Trial", "choose", "make_pool", "search", "thousandths"]

_TABLE = "search.jsonl"
_DEFAULT_FOLDS = 5
_THOUSANDTHS = 1000


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate and how it did."""

    candidate: Candidate
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pool:
    """Rows to learn from, and which of them are held out in turn.

    Attributes:
        embeddings, targets: of all rows that heads may learn from.
        folds: pairs of row numbers: learnt from, held out.
    """

    embeddings: FloatArray
    targets: FloatArray
    folds: list[tuple[IntArray, IntArray]]

    @property
    def held(self) -> IntArray:
        """Row numbers of all held-out rows, fold by fold."""
        return np.concatenate([held for _, held in self.folds])


def make_pool(
    train: tuple[FloatArray, FloatArray],
    validation: tuple[FloatArray, FloatArray],
    *,
    folds: int,
    seed: int,
) -> Pool:
    """Join embeddings and targets of both splits and lay out the folds.

    Raises:
        DataError: too few rows to hold any out.
    """
    embeddings = np.concatenate([train[0], validation[0]])
    targets = np.concatenate([train[1], validation[1]])
    rows = len(embeddings)
    if not folds and len(validation[0]):
        border = len(train[0])
        return Pool(embeddings, targets, [(np.arange(border), np.arange(border, rows))])
    count = min(folds or _DEFAULT_FOLDS, rows)
    if count < 2:
        raise DataError(f"{rows} training row(s) are too few: give at least two for each label")
    place = _deal(targets, count, seed)
    return Pool(
        embeddings,
        targets,
        [(np.flatnonzero(place != fold), np.flatnonzero(place == fold)) for fold in range(count)],
    )


def _deal(targets: FloatArray, folds: int, seed: int) -> IntArray:
    """The fold of each row, dealt label by label so that every fold sees every label."""
    order = np.random.default_rng(seed).permutation(len(targets))
    by_label = order[np.argsort(targets[order].argmax(axis=1), kind="stable")]
    place = np.empty(len(targets), np.int64)
    place[by_label] = np.arange(len(targets)) % folds
    return place


def search(
    pool: Pool, settings: ClassifierSettings, task: Task, run: Run, progress: Progress
) -> list[Trial]:
    """Try every candidate; trials that the run's table already has are not repeated."""
    trials = {trial.candidate: trial for trial in run.rows(_TABLE, Trial)}
    every = candidates(settings.head)
    missing = [candidate for candidate in every if candidate not in trials]
    metric = metric_name(settings.head.metric, task)

    def attempt(candidate: Candidate, on_share: Callable[[float], None]) -> Trial:
        started = time.perf_counter()
        logits = _held_out_logits(pool, candidate, settings, task, on_share)
        score = score_logits(logits, pool.targets[pool.held], task=task, metric=metric)
        return Trial(candidate=candidate, score=score, seconds=time.perf_counter() - started)

    with progress.stage("Comparing heads", _THOUSANDTHS) as step:
        done = thousandths(step)

        def keep(_: int, trial: Trial) -> None:
            trials[trial.candidate] = trial
            run.append(_TABLE, trial)
            said = ", ".join(f"{k} {v}" for k, v in trial.candidate.describe().items())
            run.log(f"{said}: {metric} {trial.score:.4f} in {trial.seconds:.1f} s")
            best = max(one.score for one in trials.values())
            step(0, f"{len(trials)} of {len(every)}, best {metric} {best:.4f}")

        run_jobs([partial(attempt, candidate) for candidate in missing], done, keep)
        done(1.0)
    return [trials[candidate] for candidate in every]


def thousandths(step: Step) -> Callable[[float], None]:
    """Turn "this share is done" into steps of a stage of 1,000 units."""
    done = 0

    def share(value: float) -> None:
        nonlocal done
        reached = max(done, int(value * _THOUSANDTHS))
        step(reached - done)
        done = reached

    return share


def choose(trials: list[Trial], *, simplest_within: float, rows: int) -> Trial:
    """The cheapest to serve of those nearly as good as the best; of these the best.

    Nearly is `simplest_within`, or half the standard error of the best score over `rows`
    held-out rows where that is more: what few rows cannot tell apart should not cost time in
    every request. With `simplest_within` 0 the best score wins.
    """
    best = max(trial.score for trial in trials)
    error = math.sqrt(max(best * (1 - best), 0.0) / max(rows, 1))
    margin = max(simplest_within, error / 2) if simplest_within else 0.0
    good = [trial for trial in trials if trial.score >= best - margin]
    return min(good, key=lambda trial: (trial.candidate.cost, -trial.score))


def _held_out_logits(
    pool: Pool,
    candidate: Candidate,
    settings: ClassifierSettings,
    task: Task,
    on_share: Callable[[float], None],
) -> FloatArray:
    """Logits of each held-out row from a head that has not seen it."""
    logits = []
    for number, (learnt, held) in enumerate(pool.folds):

        def share(done: float, number: int = number) -> None:
            on_share((number + done) / len(pool.folds))

        head = fit_head(
            candidate,
            pool.embeddings[learnt],
            pool.targets[learnt],
            share,
            task=task,
            settings=settings.head,
            seed=settings.seed,
        )
        logits.append(head.logits(pool.embeddings[held]))
    return np.concatenate(logits)
