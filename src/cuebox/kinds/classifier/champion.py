"""The version in production, measured on the rows that a new one is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cuebox.core.errors import ModelError
from cuebox.kinds.classifier.evaluate import evaluate, predict_with, union_of_labels
from cuebox.kinds.classifier.kind import ClassifierKind
from cuebox.training.publishing import production_version

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.ports import EmbedTexts, ModelStore
    from cuebox.kinds.classifier.data import ClassifierData
    from cuebox.kinds.classifier.predict import ClassifierPredictor
    from cuebox.reports.scores import ClassificationScores
    from cuebox.training.progress import Progress

__all__ = ["Champion", "Encoders", "champion_scores", "find_champion"]


class Encoders(Protocol):
    """Opens encoders for training."""

    def stored(self, reference: str) -> EmbedTexts:
        """The encoder of a model in the store."""
        ...

    def exported(self, spec: EncoderSpec, model: Path, tokenizer: Path) -> EmbedTexts:
        """An encoder from its two files."""
        ...


@dataclass(frozen=True, slots=True)
class Champion:
    """The version in production that a new one has to hold up against."""

    predictor: ClassifierPredictor
    embed: EmbedTexts

    @property
    def name(self) -> str:
        """`name@version`."""
        manifest = self.predictor.manifest
        return f"{manifest.name}@{manifest.version}"


def find_champion(store: ModelStore, name: str, encoders: Encoders) -> Champion | None:
    """The version of `name` in production, or None when there is none.

    Args:
        store: where to look.
        name: of the model.
        encoders: opens its encoder.

    Raises:
        ModelError: the version in production is not a classifier.
    """
    version, _ = production_version(store, name)
    if version is None:
        return None
    manifest = store.manifest(name, version)
    if manifest.kind != ClassifierKind.name:
        raise ModelError(f"{name}@{version} is a model of kind {manifest.kind!r}: use another name")
    predictor = ClassifierKind().load(manifest, lambda file: store.read(manifest.files[file]))
    return Champion(predictor, encoders.stored(f"{name}@{version}"))


def champion_scores(
    champion: Champion | None, data: ClassifierData, progress: Progress
) -> ClassificationScores | None:
    """The champion on the new test rows; None where it cannot be compared."""
    if champion is None or not len(data.test) or champion.predictor.body.task != data.task:
        return None
    predict, part, labels = union_of_labels(
        predict_with(champion.predictor, champion.embed),
        champion.predictor.body.labels,
        data.test,
        data.labels,
    )
    with progress.stage(f"Evaluating {champion.name}", 1) as step:
        scores = evaluate(predict, part, labels, task=data.task, resamples=0)
        step(1)
    return scores
