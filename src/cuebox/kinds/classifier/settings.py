"""A classifier's settings file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from cuebox.core.errors import InvalidRequest
from cuebox.core.manifest import check_name
from cuebox.core.text import TextSettings
from cuebox.inputs import SourceSettings
from cuebox.training.gates import GateSettings
from cuebox.training.settings_file import check_settings, read_settings_file
from cuebox.training.splits import SplitSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "ClassifierSettings",
    "DataSettings",
    "FinetuneSettings",
    "HeadSettings",
    "HeadType",
    "LearningCurveSettings",
    "OutOfScopeSettings",
    "load_classifier_settings",
    "parse_classifier_settings",
]

HeadType = Literal["linear", "mlp", "centroid"]
_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Sources = SourceSettings | list[SourceSettings]


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where rows come from; paths start at the settings file's folder.

    Attributes:
        train: one source or several. Where a source has a `split` column, that column decides,
            so that one file can hold all three splits.
        validation: rows for choosing and calibrating; carved out of train when left out.
        test: rows for the final figures; carved out of train when left out.
        split: how to carve.
    """

    train: _Sources
    validation: _Sources = []
    test: _Sources = []
    split: SplitSettings = SplitSettings()


class HeadSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The search over heads. Every combination is tried; validation rows decide.

    Attributes:
        types: `linear` is logistic regression (a sigmoid per label for multi-label), `mlp` has
            one hidden layer, `centroid` compares with each label's mean, for a few rows a label.
        hidden: widths of the `mlp`'s hidden layer.
        noise: standard deviations of the noise on inputs in training, whose own is 1.
        label_smoothing: shares of each target given to the other labels.
        ensemble: how many networks with different seeds an `mlp` head averages; each adds
            `hidden` units to what serving computes.
        class_weight: `balanced` weighs every label the same whatever its rows, `sqrt` goes half
            the way, `none` takes rows as they come.
        metric: what is compared; `auto` is accuracy, or micro F1 for multi-label.
        folds: cross-validation folds over train and validation rows; 0 compares on the
            validation rows, or on 5 folds when there are none.
        simplest_within: a slower head must be better by more than this, or by more than half the
            standard error when validation rows are few; 0 takes the best score at any cost.
        refit: train the chosen head once more on train and validation rows together.
        calibrate: make probabilities mean what they say, on the validation rows.
    """

    types: tuple[HeadType, ...] = ("linear", "mlp")
    hidden: tuple[_Count, ...] = (512,)
    noise: tuple[Annotated[float, msgspec.Meta(ge=0)], ...] = (0.3, 0.6)
    label_smoothing: tuple[Annotated[float, msgspec.Meta(ge=0, lt=1)], ...] = (0.1,)
    ensemble: _Count = 1
    class_weight: Literal["none", "sqrt", "balanced"] = "none"
    metric: Literal["auto", "accuracy", "weighted_f1", "macro_f1", "micro_f1"] = "auto"
    folds: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    simplest_within: _Share = 0.005
    refit: bool = True
    calibrate: bool = True

    def __post_init__(self) -> None:
        for key in ("types", "hidden", "noise", "label_smoothing"):
            if not getattr(self, key):
                raise ValueError(f"`{key}` is empty: name at least one value to try")
        if self.folds == 1:
            raise ValueError("`folds` 1 would leave nothing to train on: use 0, or 2 and more")


class OutOfScopeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Texts that belong to none of the labels.

    Attributes:
        label: what such rows are called in the data; they set the threshold. Empty when the
            data has none.
        coverage: share of in-scope validation rows to accept. Without out-of-scope rows this
            sets the threshold; with them it is the least the threshold must accept.
        detect: `auto` detects when `label` is given.
    """

    label: str = ""
    coverage: _Share = 0.95
    detect: bool | Literal["auto"] = "auto"

    @property
    def enabled(self) -> bool:
        """Whether the classifier will say that a text is out of scope."""
        return bool(self.label) if self.detect == "auto" else self.detect


class LearningCurveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How quality grows with the amount of data: the chosen head on shares of the rows.

    Attributes:
        shares: of the training rows; empty leaves the curve out.
    """

    shares: tuple[Annotated[float, msgspec.Meta(gt=0, le=1)], ...] = (
        0.05,
        0.1,
        0.25,
        0.5,
        0.75,
        1.0,
    )


class FinetuneSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Training the encoder itself; needs `pip install cuebox[train]`.

    Attributes:
        enabled: whether to do it; the head is then trained on the new encoder as on any other.
        base: the checkpoint to start from: a folder with `config.json` and
            `model.safetensors`, `hf:org/name`, or `package:` and the name of an installed package.
        epochs: passes over the rows.
        patience: epochs without a better validation score before it stops.
        batch: rows in a step.
        lr: highest learning rate, of the encoder's last layer.
        layer_decay: each layer further down learns this much slower.
        head_lr: learning rate of the classification layer, which starts from a trained one.
        weight_decay: of AdamW.
        warmup: share of the steps in which the learning rate rises.
        dropout: in front of the classification layer.
        label_smoothing: share of each target given to the other labels.
        freeze_words: leave the word embeddings as they are, which keeps words that the rows
            never show where they were.
        max_tokens: longer texts are cut in training.
        average: decay of the moving average of all weights, which is what is kept.
        device: `auto` is a GPU when there is one.
        threads: CPU threads; 0 leaves it to torch, which takes every core. On a machine that
            does other work as well, 1 is many times faster than threads that wait for cores.
    """

    enabled: bool = False
    base: str = ""
    epochs: _Count = 10
    patience: _Count = 4
    batch: _Count = 64
    lr: _Positive = 2e-4
    layer_decay: _Share = 0.9
    head_lr: _Positive = 1e-3
    weight_decay: _Share = 0.01
    warmup: _Share = 0.08
    dropout: _Share = 0.1
    label_smoothing: _Share = 0.1
    freeze_words: bool = True
    max_tokens: Annotated[int, msgspec.Meta(ge=8)] = 64
    average: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.99
    device: str = "auto"
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0

    def __post_init__(self) -> None:
        if self.enabled and not self.base:
            raise ValueError("`base` is empty: name the checkpoint that fine-tuning starts from")


class ClassifierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides a classifier.

    Attributes:
        name: of the model.
        encoder: reference of the encoder in the store, such as `all-minilm-l6-v2`.
        data: where rows come from.
        kind: says that this is a classifier's file.
        description: a sentence or two for the report.
        task: `single` label or `multi`; `auto` looks whether any row has several labels or none.
        seed: the same seed, data and settings give the same head.
    """

    name: str
    encoder: str
    data: DataSettings
    kind: Literal["classifier"] = "classifier"
    description: str = ""
    task: Literal["auto", "single", "multi"] = "auto"
    seed: Annotated[int, msgspec.Meta(ge=0)] = 7
    text: TextSettings = TextSettings()
    head: HeadSettings = HeadSettings()
    out_of_scope: OutOfScopeSettings = OutOfScopeSettings()
    learning_curve: LearningCurveSettings = LearningCurveSettings()
    gates: GateSettings = GateSettings()
    finetune: FinetuneSettings = FinetuneSettings()

    def __post_init__(self) -> None:
        try:
            check_name(self.name)
        except InvalidRequest as error:
            raise ValueError(error.message) from error


def load_classifier_settings(
    path: Path, overrides: Mapping[str, str] | None = None
) -> ClassifierSettings:
    """Read a TOML file; `overrides` maps dotted keys to TOML values (or bare words).

    Raises:
        ConfigError: no such file, not TOML, an unknown key, or a value that does not fit.
    """
    document = read_settings_file(path, overrides)
    return parse_classifier_settings(document, source=str(path))


def parse_classifier_settings(document: dict[str, Any], *, source: str) -> ClassifierSettings:
    """Check a settings document; `source` names it in messages.

    Raises:
        ConfigError: an unknown key or a value that does not fit; the message names the key.
    """
    return check_settings(document, ClassifierSettings, source=source)
