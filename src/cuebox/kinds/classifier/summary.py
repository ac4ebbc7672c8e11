"""What a trained classifier tells its report: facts, data, search."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.text import normalize_text
from cuebox.kinds.classifier.selection import metric_name
from cuebox.reports.classification_report import (
    DataSummary,
    ModelFacts,
    SearchTable,
    SearchTrial,
)
from cuebox.training.environment import code_revision, command_line, environment

if TYPE_CHECKING:
    from cuebox.core.manifest import EncoderSpec
    from cuebox.kinds.classifier.data import ClassifierData
    from cuebox.kinds.classifier.train import Trained

__all__ = ["config_text", "data_summary", "model_facts", "search_table"]


def model_facts(trained: Trained, spec: EncoderSpec, *, head_bytes: int) -> ModelFacts:
    """What the model is and where it came from."""
    settings, body = trained.settings, trained.body
    inner = trained.head.hidden_weight
    words = {"linear": "linear", "centroid": "nearest label mean", "mlp": "one hidden layer"}
    parts = [words[body.head]]
    if inner is not None:
        parts.append(f"{inner.shape[0]:,} hidden units")
    if body.calibration != "none":
        parts.append(f"{body.calibration} calibration")
    return ModelFacts(
        name=settings.name,
        description=settings.description,
        multilabel=body.task == "multi",
        encoder=_encoder_name(trained),
        encoder_digest=spec.digest,
        head=", ".join(parts),
        command=command_line(),
        config=config_text(trained),
        code_revision=code_revision(),
        environment=environment(),
        sizes={
            "labels": f"{len(body.labels):,}",
            "head": f"{head_bytes / 1024:,.0f} KiB",
            "trained in": f"{trained.seconds:,.0f} s",
        },
    )


def config_text(trained: Trained) -> str:
    """The settings as they were used, every default spelled out, as TOML."""
    tree = msgspec.to_builtins(trained.settings)
    return _toml(tree, ())


def data_summary(data: ClassifierData, trained: Trained) -> DataSummary:
    """What the data looks like."""
    parts = data.parts()
    label_rows: dict[str, dict[str, int]] = {label: {} for label in data.labels}
    for name, part in parts.items():
        for label, count in zip(data.labels, part.targets.sum(axis=0).tolist(), strict=True):
            label_rows[label][name] = int(count)
    outside = {name: int(part.outside.sum()) for name, part in parts.items()}
    summary = data.summary
    dropped = dict(data.dropped)
    if summary.dropped_rows:
        dropped["text repeated in a later split"] = summary.dropped_rows
    return DataSummary(
        sources=data.sources,
        rows={name: len(part) for name, part in parts.items()},
        label_rows=label_rows,
        out_of_scope_rows=outside if any(outside.values()) else {},
        duplicates=summary.duplicate_rows,
        conflicts=summary.conflicting_texts,
        leaked=summary.leaking_rows,
        words=_words(data, trained),
        dropped=dropped,
        notes=_notes(data),
    )


def search_table(trained: Trained) -> SearchTable:
    """The search as the report shows it."""
    return SearchTable(
        metric=metric_name(trained.settings.head.metric, trained.data.task),
        trials=[
            SearchTrial(
                settings=trial.candidate.describe(),
                score=trial.score,
                seconds=trial.seconds,
                chosen=trial == trained.chosen,
            )
            for trial in trained.trials
        ],
    )


def _encoder_name(trained: Trained) -> str:
    finetune = trained.settings.finetune
    return f"{finetune.base}, fine-tuned" if finetune.enabled else trained.settings.encoder


def _words(data: ClassifierData, trained: Trained) -> dict[str, float]:
    text = trained.settings.text
    counts = [
        len(normalize_text(one, text).split())
        for part in data.parts().values()
        for one in part.texts
    ]
    middle, high = np.quantile(counts, [0.5, 0.95]).tolist()
    return {"median": middle, "p95": high, "max": float(max(counts))}


def _notes(data: ClassifierData) -> list[str]:
    notes = []
    if data.summary.carved:
        notes.append(f"Carved out of the training rows here: {', '.join(data.summary.carved)}.")
    for labels, what in (
        (data.summary.untrained_labels, "never occur in train, so they cannot be found"),
        (data.summary.untested_labels, "do not occur in test, so they are not measured"),
    ):
        if labels:
            some = ", ".join(labels[:5]) + (", ..." if len(labels) > 5 else "")
            notes.append(f"{len(labels)} label(s) {what}: {some}.")
    rare = Counter(
        label
        for label, count in zip(data.labels, data.train.targets.sum(axis=0).tolist(), strict=True)
        if count < 10
    )
    if rare:
        notes.append(f"{len(rare)} label(s) have fewer than 10 training rows.")
    return notes


def _toml(tree: dict[str, object], path: tuple[str, ...]) -> str:
    """Plain data as TOML: values first, then tables, then arrays of tables."""
    lines = [
        f"{_key(key)} = {_value(value)}"
        for key, value in tree.items()
        if value is not None and not _is_table(value)
    ]
    blocks = ["\n".join(lines)] if lines else []
    for key, value in tree.items():
        inner = (*path, key)
        name = ".".join(_key(part) for part in inner)
        if isinstance(value, dict) and value:
            blocks.append(f"[{name}]\n{_toml(value, inner)}".rstrip())
        elif isinstance(value, list) and _is_table(value):
            blocks += [f"[[{name}]]\n{_toml(one, inner)}".rstrip() for one in value]
    return "\n\n".join(blocks) + ("" if path else "\n")


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict)


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "").isalnum() and key.isascii()
    return key if bare else msgspec.json.encode(key).decode()


def _value(value: object) -> str:
    # Strings, numbers, booleans and arrays of them read the same in JSON and in TOML, but for
    # the escape of DEL, which JSON leaves as it is.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007F")
