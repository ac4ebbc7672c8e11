"""Rows of a classifier as texts and targets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import DataError
from cuebox.inputs import Row, SourceSettings, read_rows, rows_digest
from cuebox.training.splits import Splits, SplitSummary, stratified_split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.settings import ClassifierSettings, DataSettings

__all__ = ["ClassifierData", "Part", "load_data", "load_rows", "make_part"]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one split.

    Attributes:
        texts: as they stand in the data, before normalisation.
        targets: 1 where a row carries a label, float32 `[rows, labels]`. A row of zeros is out
            of scope, or for multi-label simply without a label.
        outside: whether the row is marked as out of scope, bool `[rows]`.
    """

    texts: list[str]
    targets: FloatArray
    outside: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def truth(self) -> IntArray:
        """Index of each row's label, -1 for rows without one; for single-label data."""
        best = self.targets.argmax(axis=1)
        return np.where(self.targets.any(axis=1), best, -1).astype(np.int64)

    def take(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Part:
        """Some of the rows, in the order given."""
        return Part(
            [self.texts[row] for row in rows.tolist()], self.targets[rows], self.outside[rows]
        )

    def join(self, other: Part) -> Part:
        """The rows of both."""
        return Part(
            self.texts + other.texts,
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.outside, other.outside]),
        )


@dataclass(frozen=True, slots=True)
class ClassifierData:
    """All that training reads.

    Attributes:
        labels: sorted; those that train shows, without the out-of-scope label.
        dropped: rows left out of a split, by reason.
        sources: the files, as the settings name them.
    """

    labels: list[str]
    task: Task
    train: Part
    validation: Part
    test: Part
    summary: SplitSummary
    dropped: dict[str, int]
    digest: str
    sources: list[str]

    def parts(self) -> dict[str, Part]:
        """The splits that have rows, by name."""
        every = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in every.items() if len(part)}


def load_data(settings: ClassifierSettings, *, base: Path) -> ClassifierData:
    """Read all sources, divide the rows, and settle labels and task.

    Raises:
        DataError: a source cannot be read, fewer than two labels, or a row with several labels
            where the task is `single`.
    """
    rows = list(_read(settings.data, base))
    splits = _split(rows, settings)
    scope_label = settings.out_of_scope.label
    labels = sorted({label for row in splits.train for label in row.labels} - {scope_label})
    task = _task(rows, settings)
    _check(rows, labels, task=task, scope_label=scope_label)
    dropped: Counter[str] = Counter()
    parts = [
        make_part(part, labels, task=task, scope_label=scope_label, dropped=dropped)
        for part in (splits.train, splits.validation, splits.test)
    ]
    return ClassifierData(
        labels=labels,
        task=task,
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        summary=splits.summary,
        dropped=dict(dropped),
        digest=rows_digest(rows),
        sources=sorted({source.path for source in _all_sources(settings.data)}),
    )


def load_rows(settings: ClassifierSettings, *, base: Path) -> Splits:
    """The rows of each split as `load_data` divides them, before labels become numbers."""
    return _split(list(_read(settings.data, base)), settings)


def make_part(
    rows: Iterable[Row],
    labels: Sequence[str],
    *,
    task: Task,
    scope_label: str,
    dropped: Counter[str] | None = None,
) -> Part:
    """Turn rows into texts and targets.

    A single-label row with a label that is not in `labels` is left out and counted in
    `dropped`; of a multi-label row only that label is.
    """
    places = {label: place for place, label in enumerate(labels)}
    dropped = Counter() if dropped is None else dropped
    texts: list[str] = []
    marked: list[list[int]] = []
    outside: list[bool] = []
    for row in rows:
        known = [places[label] for label in row.labels if label in places]
        strange = len(known) < len(set(row.labels) - {scope_label})
        if strange:
            dropped["a label that train does not have"] += 1
            if task == "single":
                continue
        texts.append(row.text)
        marked.append(known)
        outside.append(bool(scope_label) and scope_label in row.labels)
    targets = np.zeros((len(texts), len(labels)), np.float32)
    for place, known in enumerate(marked):
        targets[place, known] = 1
    return Part(texts, targets, np.array(outside, bool))


def _split(rows: list[Row], settings: ClassifierSettings) -> Splits:
    return stratified_split(rows, settings.data.split, text=settings.text)


def _read(data: DataSettings, base: Path) -> Iterator[Row]:
    for role, sources in (
        ("train", data.train),
        ("validation", data.validation),
        ("test", data.test),
    ):
        for source in _listed(sources):
            for row in read_rows(source, base=base):
                yield row if row.split else replace(row, split=role)


def _all_sources(data: DataSettings) -> list[SourceSettings]:
    return [*_listed(data.train), *_listed(data.validation), *_listed(data.test)]


def _listed(sources: SourceSettings | list[SourceSettings]) -> list[SourceSettings]:
    return sources if isinstance(sources, list) else [sources]


def _task(rows: Iterable[Row], settings: ClassifierSettings) -> Task:
    if settings.task != "auto":
        return settings.task
    return "multi" if any(len(row.labels) != 1 for row in rows) else "single"


def _check(rows: Sequence[Row], labels: Sequence[str], *, task: Task, scope_label: str) -> None:
    if len(labels) < (2 if task == "single" else 1):
        raise DataError(
            f"the training rows have {len(labels)} label(s) ({', '.join(labels) or 'none'}): "
            "a classifier needs at least two"
        )
    if scope_label and not any(scope_label in row.labels for row in rows):
        raise DataError(
            f"no row has the out-of-scope label {scope_label!r}: "
            "correct out_of_scope.label, or leave it out and set out_of_scope.detect = true",
            param="out_of_scope.label",
        )
    if task == "single":
        for row in rows:
            if len(row.labels) != 1:
                raise DataError(
                    f"line {row.line}: {row.text[:60]!r} has {len(row.labels)} labels; "
                    'set task = "multi", or "auto"',
                    param="task",
                )
