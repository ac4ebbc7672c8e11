"""Cut the small tables of `demo/` out of the prepared data.

    python examples/prepare.py ../shared/data
    python examples/slice_demo.py

Rows are chosen by a hash of their text, so the same data gives the same slices.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of one table.

    Attributes:
        per_label: how many rows of each label a split keeps; other splits are left out.
        label: the column with the label, several joined by `|`.
        keep: which rows are considered at all.
        all_of: rows that stay whatever the counts, as true multi-label rows are few.
        oos: how many out-of-scope rows a split keeps; they are too varied for `per_label`.
    """

    table: str
    name: str
    per_label: dict[str, int]
    label: str = "label"
    keep: Callable[[dict[str, str]], bool] = lambda _: True
    all_of: Callable[[dict[str, str]], bool] = lambda _: False
    oos: int = 0


SLICES = (
    Slice("banking77", "banking77", {"train": 20, "test": 6}),
    Slice("snips", "snips", {"train": 60, "test": 25}),
    Slice(
        "multidogo",
        "fastfood",
        {"train": 60, "test": 20},
        label="intents",
        keep=lambda row: row["domain"] == "fastfood" and row["split"] != "validation",
        all_of=lambda row: "|" in row["intents"],
    ),
    Slice(
        "clinc150",
        "travel_and_money",
        {"train": 20, "validation": 5, "test": 8},
        keep=lambda row: row["domain"] in {"banking", "credit_cards", "travel", "oos"},
        oos=100,
    ),
)


def main() -> int:
    """Write the slices and say how large they are."""
    total = 0
    for each in SLICES:
        with (HERE / "data" / f"{each.table}.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(cut(each, csv.DictReader(file, dialect="excel-tab")))
        path = HERE / "demo" / f"{each.name}.tsv"
        with path.open("w", encoding="utf-8", newline="") as out:
            columns = ["text", each.label, "split"]
            writer = csv.DictWriter(
                out, columns, extrasaction="ignore", dialect="excel-tab", lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(rows)
        total += path.stat().st_size
        print(
            f"{path.name}: {dict(Counter(row['split'] for row in rows))}, {path.stat().st_size:,} bytes"
        )
    print(f"{total:,} bytes in all")
    return 0


def cut(each: Slice, rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows of a slice, each text once, labels together, train before test."""
    unique = {row["text"].casefold(): row for row in rows if each.keep(row)}
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for key in sorted(unique, key=lambda key: hashlib.sha256(key.encode()).digest()):
        row = unique[key]
        labels, split = row[each.label].split("|"), row["split"]
        bound = each.oos if labels == ["oos"] else each.per_label.get(split, 0)
        if each.all_of(row) or all(taken[split, label] < bound for label in labels):
            taken.update((split, label) for label in labels)
            chosen.append(row)
    order = {split: place for place, split in enumerate(each.per_label)}
    return iter(sorted(chosen, key=lambda row: (order[row["split"]], row[each.label])))


if __name__ == "__main__":
    sys.exit(main())
