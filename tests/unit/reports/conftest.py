"""Reports over small made-up predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cuebox.reports.classification import OutOfScope, classification_scores
from cuebox.reports.classification_report import (
    ClassificationReport,
    DataSummary,
    LearningCurve,
    LearningPoint,
    ModelFacts,
    SearchTable,
    SearchTrial,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)></style>&amp;"


def single_label_report(labels: int, *, label: str = "intent {}") -> ClassificationReport:
    """A full report: two splits, out of scope, learning curve, search, data."""
    random = np.random.default_rng(labels)
    rows = 4 * labels
    truth = np.append(np.arange(rows) % labels, [-1] * 5)
    logits = random.normal(size=(len(truth), labels))
    logits[np.arange(rows), truth[:rows]] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = [label.format(index) for index in range(labels)]

    def scores() -> Any:
        return classification_scores(
            truth,
            probabilities,
            names,
            texts=[f"{HOSTILE} {row}" for row in range(len(truth))],
            out_of_scope=OutOfScope(1 - probabilities.max(axis=1), 0.5),
            resamples=50,
        )

    points = [(50, 0.7), (100, 0.8), (200, 0.87)]
    return ClassificationReport(
        model=ModelFacts(
            name="topics", version="2026-11-21.1", description=HOSTILE, encoder="mini",
            head=HOSTILE, command=f"cuebox train {HOSTILE}", config=HOSTILE,
            environment={"python": HOSTILE}, sizes={"Head": "3 KiB"},
        ),
        scores={"train": scores(), "test": scores()},
        learning_curve=LearningCurve(
            metric="accuracy",
            points=[LearningPoint(rows=n, value=v, low=v - 0.01, high=v + 0.01) for n, v in points],
        ),
        search=SearchTable(
            metric="log_loss",
            lower_is_better=True,
            trials=[
                SearchTrial(settings={"head": "worse"}, score=0.9, seconds=1.5),
                SearchTrial(settings={"head": "better", "C": "3"}, score=0.4, chosen=True),
            ],
        ),
        data=DataSummary(
            sources=[HOSTILE], rows={"train": rows, "test": rows}, notes=[HOSTILE], leaked=2,
            label_rows={name: {"train": 4, "test": 4} for name in names},
            duplicates=1, words={"median": 11}, dropped={"empty text": 3},
        ),
        baseline={"accuracy": 0.5},
        baseline_name="topics@2026-11-20.1",
    )  # fmt: skip


def multi_label_report(labels: int = 6) -> ClassificationReport:
    """A report with nothing but scores of one split."""
    random = np.random.default_rng(labels)
    probabilities = random.random((80, labels))
    truth = random.random((80, labels)) < probabilities
    scores = classification_scores(
        truth,
        probabilities,
        [f"tag {index}" for index in range(labels)],
        multilabel=True,
        thresholds=0.4,
        texts=[f"text {row}" for row in range(80)],
        resamples=50,
    )
    return ClassificationReport(model=ModelFacts(name="tags"), scores={"validation": scores})


@pytest.fixture(scope="module", params=["2 labels", "40 labels", "190 labels", "multi-label"])
def report(request: pytest.FixtureRequest) -> ClassificationReport:
    """Reports of every shape that the page must hold."""
    if request.param == "multi-label":
        return multi_label_report()
    return single_label_report(int(request.param.split()[0]), label=HOSTILE + " {}")
