"""Turn the raw public data sets into plain files that the configs here read.

Rows for classifiers become TSV; conversations, one turn a row, and books become JSON lines.

    python examples/prepare.py ../shared/data                # writes examples/data/*
    python examples/prepare.py ../shared/data --out /tmp/d banking77 snips

Standard library only; the same input always gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import public_books
import public_conversations
import public_data
import public_dialogues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, TypeVar

    Reader = Callable[[Path], Iterable[public_data.Record]]
    LineReader = Callable[[Path], Iterable[dict[str, Any]]]
    _T = TypeVar("_T")

READERS: Mapping[str, Reader] = {
    "banking77": public_data.banking77,
    "clinc150": public_data.clinc150,
    "clinc150_imbalanced": public_data.clinc150_imbalanced,
    "multidogo": public_data.multidogo,
    "snips": public_data.snips,
    "star": public_data.star,
    "usda": public_data.usda,
}
LINE_READERS: Mapping[str, LineReader] = {
    "books": public_books.books,
    "irc_support": public_dialogues.irc_support,
    "star_conversations": public_conversations.star_conversations,
    "star_conversations_by_task": public_conversations.star_conversations_by_task,
    "star_drafts": public_dialogues.star_drafts,
    "star_turns": public_dialogues.star_turns,
    "taskmaster": public_dialogues.taskmaster,
    "taskmaster_conversations": public_conversations.taskmaster_conversations,
}


def main() -> int:
    """Write the files asked for and say what is in them."""
    known = sorted({*READERS, *LINE_READERS})
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("raw", type=Path, help="folder with banking77/, clinc150/, snips/, ...")
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(known)}")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data")
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"unknown data set {min(unknown)!r}; choose from {', '.join(known)}")
    if not arguments.raw.is_dir():
        parser.error(f"{arguments.raw} is not a folder")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or known:
        started = time.perf_counter()
        path, splits = write(name, arguments.raw, arguments.out)
        counts = ", ".join(f"{split or 'no split'} {count:,}" for split, count in splits.items())
        print(f"{path}: {counts} ({time.perf_counter() - started:.1f} s)")
    return 0


def write(name: str, raw: Path, out: Path) -> tuple[Path, Counter[str]]:
    """Write one data set in its form; its file and how many records each split has."""
    if name in READERS:
        path = out / f"{name}.tsv"
        return path, write_tsv(path, progress(name, READERS[name](raw)))
    path = out / f"{name}.jsonl"
    return path, write_lines(path, progress(name, LINE_READERS[name](raw)))


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> Counter[str]:
    """Write records as JSON lines; count splits."""
    splits: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            splits[record["split"]] += 1
    return splits


def write_tsv(path: Path, records: Iterable[public_data.Record]) -> Counter[str]:
    """Write records that share their keys, runs of white space made one space; count splits."""
    splits: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: csv.DictWriter[str] | None = None
        for record in records:
            if writer is None:
                writer = csv.DictWriter(
                    file, list(record), dialect="excel-tab", lineterminator="\n"
                )
                writer.writeheader()
            writer.writerow({key: " ".join(value.split()) for key, value in record.items()})
            splits[record.get("split", "")] += 1
    return splits


def progress(name: str, records: Iterable[_T]) -> Iterator[_T]:
    """Pass records on; on a terminal, show how many so far."""
    for number, record in enumerate(records, start=1):
        if number % 5_000 == 0 and sys.stderr.isatty():
            print(f"\r{name}: {number:,} rows", end="\r", file=sys.stderr)
        yield record


if __name__ == "__main__":
    sys.exit(main())
