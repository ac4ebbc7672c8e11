"""Cut the small tables and the conversations of `demo/` out of the prepared data.

    python examples/prepare.py ../shared/data
    python examples/slice_demo.py

Rows are chosen by a hash of their text, conversations by one of their id, so the same data gives
the same slices.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


CONVERSATIONS = "star_conversations"
# Errands whose conversations are about nothing else, and how many of each a split keeps.
TASKS = ("doctor_followup", "plane_book")
PER_TASK = {"train": 60, "validation": 8, "test": 12}
COLUMNS = ("conversation", "role", "text", "time", "split", "facts", "turn_kind")


def main() -> int:
    """Write the slices and say how large they are."""
    total = _write_conversations()
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


def _write_conversations() -> int:
    """Write the slice of conversations; its size in bytes."""
    path = HERE / "demo" / f"{CONVERSATIONS}.jsonl"
    with (HERE / "data" / path.name).open(encoding="utf-8") as file:
        conversations = [
            list(turns) for _, turns in groupby(map(json.loads, file), lambda t: t["conversation"])
        ]
    chosen = cut_conversations(conversations)
    with path.open("w", encoding="utf-8") as out:
        for turn in (turn for turns in chosen for turn in turns):
            kept = {name: turn[name] for name in COLUMNS if name in turn}
            out.write(json.dumps(kept, ensure_ascii=False) + "\n")
    splits = Counter(turns[0]["split"] for turns in chosen)
    print(f"{path.name}: {dict(splits)} conversations, {path.stat().st_size:,} bytes")
    return path.stat().st_size


def cut_conversations(conversations: Iterable[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """The conversations of the slice, train before test."""
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    by_hash = sorted(
        conversations, key=lambda turns: hashlib.sha256(turns[0]["conversation"].encode()).digest()
    )
    for turns in by_hash:
        tasks = {turn["task"] for turn in turns if "task" in turn}
        split = turns[0]["split"]
        if len(tasks) != 1 or (task := tasks.pop()) not in TASKS:
            continue
        if taken[task, split] < PER_TASK[split]:
            taken[task, split] += 1
            chosen.append(turns)
    order = {split: place for place, split in enumerate(PER_TASK)}
    return sorted(chosen, key=lambda turns: order[turns[0]["split"]])


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
