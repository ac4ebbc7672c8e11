"""Train, validation and test: given ones respected, missing ones carved, leaks guarded."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from cuebox.core.errors import DataError
from cuebox.core.text import TextSettings, normalize_text
from cuebox.training.stratify import Unit, assign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cuebox.inputs import Row

__all__ = ["SPLIT_NAMES", "SplitSettings", "SplitSummary", "Splits", "stratified_split"]

SPLIT_NAMES = ("train", "validation", "test")
_ALIASES = {
    **{name: name for name in SPLIT_NAMES},
    "training": "train",
    "dev": "validation",
    "eval": "validation",
    "val": "validation",
    "valid": "validation",
    "testing": "test",
}
_Fraction = Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)]


class SplitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How rows without a given split are divided.

    Attributes:
        validation: fraction carved for validation when no row is given as such.
        test: fraction carved for test when no row is given as such.
        seed: another seed, another division.
        leak_guard: keep rows with the same normalised text (case aside) on one side. Carved
            splits take such rows whole; of given splits, train and validation lose rows that
            test repeats, and train those of validation, so that a published test set stays as
            it is. Off, rows go where they fall, which measures traffic that repeats itself
            ("yes", "thank you"); the summary counts the repeats either way.
    """

    validation: _Fraction = 0.1
    test: _Fraction = 0.1
    seed: int = 7
    leak_guard: bool = True

    def __post_init__(self) -> None:
        if self.validation + self.test > 0.9:
            raise ValueError(
                f"`validation` {self.validation} and `test` {self.test} leave less than 0.1 to train"
            )


class SplitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the division looks like, for the report.

    Attributes:
        rows: rows in each split.
        labels: for each label, its rows in each split.
        carved: the splits that were made here; the others were given.
        duplicate_rows: rows whose normalised text another row had before.
        conflicting_texts: distinct texts that appear with different labels.
        leaking_rows: rows of train and validation whose text a later split repeats, as given.
        dropped_rows: how many of them were dropped by the leak guard.
        untrained_labels: labels of validation or test that train never shows.
        untested_labels: labels that test does not measure.
    """

    rows: dict[str, int]
    labels: dict[str, dict[str, int]]
    carved: list[str]
    duplicate_rows: int
    conflicting_texts: int
    leaking_rows: int
    dropped_rows: int
    untrained_labels: list[str]
    untested_labels: list[str]


@dataclass(frozen=True, slots=True)
class Splits:
    """The three parts, each in an order that depends on the seed and not on the input."""

    train: list[Row]
    validation: list[Row]
    test: list[Row]
    summary: SplitSummary


@dataclass(frozen=True, slots=True)
class _Item:
    """A row, its normalised text, and where it falls when sorted by the seed."""

    row: Row
    key: str
    rank: tuple[bytes, str, tuple[str, ...]]


def stratified_split(
    rows: Iterable[Row], settings: SplitSettings, *, text: TextSettings | None = None
) -> Splits:
    """Divide rows; the same rows and seed give the same parts in whatever order rows come.

    Rows whose `split` names validation or test stay there. A split that nobody gave is carved,
    stratified by label, out of the other rows (see `stratify` for rare labels).

    Raises:
        DataError: no rows, none to train on, or a split name that is none.
    """
    items = _ranked(rows, settings.seed, text or TextSettings())
    if not items:
        raise DataError("there are no rows to split")
    parts = _given(items)
    carved = [
        name
        for name, fraction in (("validation", settings.validation), ("test", settings.test))
        if fraction and not parts[name]
    ]
    dropped = _drop_leaks(parts) if settings.leak_guard else 0
    if not parts["train"]:
        raise DataError(
            "no row is left to train on: all are given as validation or test"
            + (f", or repeat one of those ({dropped} dropped by leak_guard)" if dropped else "")
        )
    _carve(parts, carved, settings)
    leaking = dropped or sum(map(len, _leaks(parts).values()))
    return Splits(
        train=[item.row for item in parts["train"]],
        validation=[item.row for item in parts["validation"]],
        test=[item.row for item in parts["test"]],
        summary=_summarise(items, parts, carved, leaking=leaking, dropped=dropped),
    )


def _ranked(rows: Iterable[Row], seed: int, text: TextSettings) -> list[_Item]:
    items = []
    for row in rows:
        key = normalize_text(row.text, text).casefold()
        digest = hashlib.sha256(f"{seed}\0{key}".encode("utf-8", "surrogatepass")).digest()
        items.append(_Item(row, key, (digest, row.text, tuple(sorted(row.labels)))))
    return sorted(items, key=lambda item: item.rank)


def _given(items: Sequence[_Item]) -> dict[str, list[_Item]]:
    """Items by the split they name; those that name none wait in train to be carved."""
    parts: dict[str, list[_Item]] = {name: [] for name in SPLIT_NAMES}
    for item in items:
        named = (item.row.split or "train").strip().lower()
        if named not in _ALIASES:
            raise DataError(
                f"line {item.row.line}: split {item.row.split!r} is none of "
                f"{', '.join(sorted(_ALIASES))}"
            )
        parts[_ALIASES[named]].append(item)
    return parts


def _leaks(parts: Mapping[str, Sequence[_Item]]) -> dict[str, list[_Item]]:
    """Items of train and validation whose text a later split has as well."""
    test = {item.key for item in parts["test"]}
    later = test | {item.key for item in parts["validation"]}
    return {
        "train": [item for item in parts["train"] if item.key in later],
        "validation": [item for item in parts["validation"] if item.key in test],
    }


def _drop_leaks(parts: dict[str, list[_Item]]) -> int:
    leaks = _leaks(parts)
    for name, leaking in leaks.items():
        keys = {item.key for item in leaking}
        parts[name] = [item for item in parts[name] if item.key not in keys]
    return sum(map(len, leaks.values()))


def _carve(parts: dict[str, list[_Item]], carved: Sequence[str], settings: SplitSettings) -> None:
    """Move items from train to the splits that nobody gave."""
    groups = _groups(parts["train"], together=settings.leak_guard)
    units = [
        Unit(Counter(label for item in group for label in item.row.labels), len(group))
        for group in groups
    ]
    chosen = assign(
        units,
        validation=settings.validation if "validation" in carved else 0.0,
        test=settings.test if "test" in carved else 0.0,
    )
    parts["train"] = []
    for group, name in zip(groups, chosen, strict=True):
        parts[name].extend(group)


def _groups(items: Sequence[_Item], *, together: bool) -> list[list[_Item]]:
    if not together:
        return [[item] for item in items]
    groups: dict[str, list[_Item]] = defaultdict(list)
    for item in items:
        groups[item.key].append(item)
    return list(groups.values())


def _summarise(
    items: Sequence[_Item],
    parts: Mapping[str, Sequence[_Item]],
    carved: list[str],
    *,
    leaking: int,
    dropped: int,
) -> SplitSummary:
    counts = {
        name: Counter(label for item in part for label in item.row.labels)
        for name, part in parts.items()
    }
    labels = sorted({label for item in items for label in item.row.labels})
    meanings: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for item in items:
        meanings[item.key].add(item.rank[2])
    return SplitSummary(
        rows={name: len(part) for name, part in parts.items()},
        labels={label: {name: counts[name][label] for name in SPLIT_NAMES} for label in labels},
        carved=carved,
        duplicate_rows=len(items) - len(meanings),
        conflicting_texts=sum(len(sets) > 1 for sets in meanings.values()),
        leaking_rows=leaking,
        dropped_rows=dropped,
        untrained_labels=[label for label in labels if not counts["train"][label]],
        untested_labels=[label for label in labels if not counts["test"][label]],
    )
