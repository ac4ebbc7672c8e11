"""Iterative stratification: split units that carry labels so that every part gets its share."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Unit", "assign", "share"]

# What a unit without labels is balanced by.
_NO_LABEL = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that must stay together.

    Attributes:
        labels: how many of its rows carry each label.
        size: how many rows it stands for.
    """

    labels: Mapping[str, int]
    size: int


def share(rows: int, validation: float, test: float) -> dict[str, int]:
    """How many of a label's rows each part should get.

    A label with one row keeps it in train. From two rows on, test gets at least one, so that
    the label is measured; from four on, validation as well. Train keeps at least half.
    """
    spare = rows // 2
    to_test = min(spare, max(int(rows >= 2), round(rows * test))) if test else 0
    spare -= to_test
    to_validation = min(spare, max(int(rows >= 4), round(rows * validation))) if validation else 0
    return {"train": rows - to_test - to_validation, "validation": to_validation, "test": to_test}


def assign(units: Sequence[Unit], *, validation: float, test: float) -> list[str]:
    """The part (`train`, `validation` or `test`) of each unit.

    After Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (2011):
    the label with the fewest rows left is dealt out first, each unit to the part that still
    wants most of it. With one label a row this is ordinary stratification. Ties go by the order
    of `units`, so shuffle them. A label never ends with all its units outside train.
    """
    labels_of = [unit.labels or {_NO_LABEL: unit.size} for unit in units]
    holders: dict[str, list[int]] = defaultdict(list)
    rows: Counter[str] = Counter()
    for index, labels in enumerate(labels_of):
        for label, count in labels.items():
            holders[label].append(index)
            rows[label] += count
    wanted = {label: share(count, validation, test) for label, count in rows.items()}
    parts: list[str | None] = [None] * len(units)
    left = dict(rows)
    while left:
        label = min(left, key=lambda name: (left[name], name))
        del left[label]
        for index in holders[label]:
            if parts[index] is None:
                parts[index] = part = _choose(wanted, label, labels_of[index], units[index].size)
                for other, count in labels_of[index].items():
                    wanted[other][part] -= count
                    if other in left:
                        left[other] -= count
    _keep_in_train(parts, holders, units)
    return [part or "train" for part in parts]


def _choose(
    wanted: Mapping[str, Mapping[str, int]], label: str, counts: Mapping[str, int], size: int
) -> str:
    """The part that still wants most of the label.

    A unit of many rows ("yes", said a thousand times) goes to train unless the part wants that
    many of each of its labels: it would swamp a small part.
    """
    part = max(("train", "test", "validation"), key=lambda name: wanted[label][name])
    fits = size == 1 or all(wanted[other][part] >= count for other, count in counts.items())
    return part if fits else "train"


def _keep_in_train(
    parts: list[str | None], holders: Mapping[str, list[int]], units: Sequence[Unit]
) -> None:
    """Move the smallest unit of a label back when other labels took all of its units away."""
    for indices in holders.values():
        if all(parts[index] != "train" for index in indices):
            parts[min(indices, key=lambda index: units[index].size)] = "train"
