"""Turn the raw public data sets into plain TSV files that the configs in `heads/` read.

    python examples/prepare.py ../shared/data                # writes examples/data/*.tsv
    python examples/prepare.py ../shared/data --out /tmp/d banking77 snips

Standard library only; the same input always gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import public_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Reader = Callable[[Path], Iterable[public_data.Record]]

READERS: Mapping[str, Reader] = {
    "banking77": public_data.banking77,
    "clinc150": public_data.clinc150,
    "clinc150_imbalanced": public_data.clinc150_imbalanced,
    "multidogo": public_data.multidogo,
    "snips": public_data.snips,
    "star": public_data.star,
    "usda": public_data.usda,
}


def main() -> int:
    """Write the files asked for and say what is in them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("raw", type=Path, help="folder with banking77/, clinc150/, snips/, ...")
    parser.add_argument("names", nargs="*", help=f"default: all of {', '.join(READERS)}")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data")
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.names) - set(READERS)
    if unknown:
        parser.error(f"unknown data set {min(unknown)!r}; choose from {', '.join(READERS)}")
    if not arguments.raw.is_dir():
        parser.error(f"{arguments.raw} is not a folder")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or READERS:
        started = time.perf_counter()
        path = arguments.out / f"{name}.tsv"
        splits = write_tsv(path, progress(name, READERS[name](arguments.raw)))
        counts = ", ".join(f"{split or 'no split'} {count:,}" for split, count in splits.items())
        print(f"{path}: {counts} ({time.perf_counter() - started:.1f} s)")
    return 0


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


def progress(name: str, records: Iterable[public_data.Record]) -> Iterator[public_data.Record]:
    """Pass records on; on a terminal, show how many so far."""
    for number, record in enumerate(records, start=1):
        if number % 5_000 == 0 and sys.stderr.isatty():
            print(f"\r{name}: {number:,} rows", end="\r", file=sys.stderr)
        yield record


if __name__ == "__main__":
    sys.exit(main())
