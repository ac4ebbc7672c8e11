"""What every benchmark ends in: tables for people, bars, and one JSON line for `render`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.machine import OtherLoad, describe_machine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bar", "Outcome", "Table", "median", "median_ratio", "options"]


_FOLDERS = ("--peers", "--store", "--encoder", "--models", "--conversations")


class Table(msgspec.Struct):
    """Cells are text, ready to be shown; figures for programs are in `Outcome.figures`."""

    title: str
    columns: list[str]
    rows: list[list[str]]


class Bar(msgspec.Struct):
    """A figure the project set itself, and what was measured; `met` is for people to read."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass
class Outcome:
    """Collects what a benchmark found; use as a context manager around the measuring.

    Attributes:
        earlier: `OtherLoad.facts` of what was measured in earlier runs; the worst counts.
    """

    name: str
    regime: str
    tables: list[Table] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    earlier: list[dict[str, float]] = field(default_factory=list)

    def __enter__(self) -> Outcome:
        self._machine = describe_machine()
        self._load = OtherLoad()
        self._load.__enter__()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._load.__exit__(kind, *rest)
        if kind is None:
            self._finish()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        self.tables.append(Table(title, list(columns), [list(row) for row in rows]))

    def bar(self, what: str, wanted: str, measured: str, *, met: bool) -> None:
        """Add a bar."""
        self.bars.append(Bar(what, wanted, measured, met))

    def _finish(self) -> None:
        for table in self.tables:
            _show(table)
        for bar in self.bars:
            said = "met" if bar.met else "NOT met"
            sys.stdout.write(f"{bar.what}: {bar.measured} (wanted {bar.wanted}): {said}\n")
        loads = [self._load.facts(), *self.earlier]
        document = {
            "benchmark": self.name,
            "regime": self.regime,
            "command": " ".join(["python -m", f"benchmarks.{self.name}", *_without_paths()]),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": self._machine | {key: max(load[key] for load in loads) for key in loads[0]},
            "bars": self.bars,
            "tables": self.tables,
            "figures": self.figures,
        }
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds of the quotient within a round."""
    return median([mine / other for mine, other in zip(ours, theirs, strict=True)])


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def options(doc: str | None, *, seconds: float = 10.0, rounds: int = 3) -> argparse.ArgumentParser:
    """The options every benchmark has; each adds its own."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=seconds, help="measured, per round")
    parser.add_argument("--rounds", type=int, default=rounds, help="A B A B ...; medians count")
    parser.add_argument(
        "--store", default=None, help="store with trained heads; else heads with random weights"
    )
    parser.add_argument(
        "--encoder", default="starter", help="store or folder (model.onnx, ...) of the encoder"
    )
    parser.add_argument(
        "--hidden", type=int, default=0, help="width of a hidden layer in the random heads"
    )
    parser.add_argument("--scratch", type=Path, default=None, help="where temporary stores go")
    return parser


def _without_paths() -> list[str]:
    """The arguments as anyone would type them: folders of this machine by what they are."""
    given = sys.argv[1:]
    return [
        before.lstrip("-").upper() if before in _FOLDERS else word
        for before, word in zip(["", *given], given, strict=False)
        if not {"--scratch", "--resume"} & {before, word}
    ]


def _show(table: Table) -> None:
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    sys.stdout.write(f"\n{table.title}\n")
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        sys.stdout.write("  " + "  ".join(cells).rstrip() + "\n")
    sys.stdout.write("\n")
