"""Score any predict function on labelled rows: trained, exported and served alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.classifier.data import Part
from cuebox.reports.classification import OutOfScope, classification_scores

if TYPE_CHECKING:
    from cuebox.core.ports import EmbedTexts
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.predict import ClassifierPredictor
    from cuebox.reports.scores import ClassificationScores

__all__ = ["Predict", "Predicted", "evaluate", "predict_with", "union_of_labels"]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model says of some texts.

    Attributes:
        probabilities: `[rows, labels]`.
        thresholds: of a multi-label model.
        strangeness: how far out of scope each text is, `[rows]`, and the value over which the
            model says so; None for a model that does not detect it.
    """

    probabilities: FloatArray
    thresholds: Sequence[float] | None = None
    strangeness: tuple[FloatArray, float] | None = None


Predict = Callable[[Sequence[str]], Predicted]


def predict_with(predictor: ClassifierPredictor, embed: EmbedTexts) -> Predict:
    """A loaded version's own answers, on embeddings of its encoder."""

    def predict(texts: Sequence[str]) -> Predicted:
        embeddings = embed(texts, predictor.text)
        body = predictor.body
        strangeness: tuple[FloatArray, float] | None = None
        if body.out_of_scope is not None:
            if body.out_of_scope.min_logit is not None:
                top: FloatArray = predictor.head.logits(embeddings).max(axis=1)
                strangeness = (np.asarray(-top), -body.out_of_scope.min_logit)
            else:
                over = predictor.probabilities(embeddings) >= predictor.limits
                strangeness = (np.asarray(~over.any(axis=1), np.float32), 0.5)
        return Predicted(predictor.probabilities(embeddings), body.thresholds or None, strangeness)

    return predict


def evaluate(
    predict: Predict,
    part: Part,
    labels: Sequence[str],
    *,
    task: Task,
    resamples: int = 1000,
    seed: int = 0,
) -> ClassificationScores:
    """Ask `predict` for every row and compare with the truth.

    Out-of-scope rows count only for a model that detects them.
    """
    predicted = predict(part.texts)
    if predicted.strangeness is None and part.outside.any():
        keep = np.flatnonzero(~part.outside)
        part = part.take(keep)
        predicted = Predicted(predicted.probabilities[keep], predicted.thresholds)
    return classification_scores(
        part.truth if task == "single" else part.targets,
        predicted.probabilities,
        labels,
        multilabel=task == "multi",
        thresholds=predicted.thresholds,
        out_of_scope=None if predicted.strangeness is None else OutOfScope(*predicted.strangeness),
        texts=part.texts,
        resamples=resamples,
        seed=seed,
    )


def union_of_labels(
    predict: Predict, own: Sequence[str], part: Part, labels: Sequence[str]
) -> tuple[Predict, Part, list[str]]:
    """Let a model with labels of its `own` be judged on rows labelled with other `labels`.

    A label that only the rows have, the model cannot find; one that only the model has is
    wrong wherever it is given.
    """
    extra = [label for label in own if label not in set(labels)]
    names = [*labels, *extra]
    places = [names.index(label) for label in own]
    wide = np.zeros((len(part), len(extra)), np.float32)
    widened = Part(part.texts, np.concatenate([part.targets, wide], axis=1), part.outside)

    def widened_predict(texts: Sequence[str]) -> Predicted:
        predicted = predict(texts)
        probabilities = np.zeros((len(texts), len(names)), np.float32)
        probabilities[:, places] = predicted.probabilities
        thresholds = None
        if predicted.thresholds is not None:
            thresholds = [0.5] * len(names)
            for place, threshold in zip(places, predicted.thresholds, strict=True):
                thresholds[place] = threshold
        return Predicted(probabilities, thresholds, predicted.strangeness)

    return widened_predict, widened, names
