"""The learning curve of a training, kept as a CSV file that grows while it runs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cuebox.training.runs import Run

__all__ = ["CURVE_FILE", "Curve", "Look", "read_curve"]

CURVE_FILE = "curve.csv"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the validation documents.

    Attributes:
        step: updates made.
        tokens: read in training, in millions.
        epoch: passes over the training documents.
        minutes: of training, all sessions together.
        rate: share of the highest learning rate.
        train_loss: weighted mean of the steps since the last look, nats a token.
        bits: corpus to bits per character of its validation documents.
    """

    step: int
    tokens: float
    epoch: float
    minutes: float
    rate: float
    train_loss: float
    bits: dict[str, float]

    @property
    def mean_bits(self) -> float:
        """Bits per character, each corpus weighing the same."""
        return sum(self.bits.values()) / len(self.bits)


class Curve:
    """The looks of a run; written anew with each one, which is atomic and still small."""

    def __init__(self, run: Run, looks: list[Look] | None = None) -> None:
        self._run = run
        self.looks = looks or []

    def add(self, look: Look) -> bool:
        """Add a look and write the file; whether it is the best so far."""
        best = not self.looks or look.mean_bits < min(one.mean_bits for one in self.looks)
        self.looks.append(look)
        rows = [_flat(one) for one in self.looks]
        file = io.StringIO()
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self._run.write(CURVE_FILE, file.getvalue())
        return best


def read_curve(folder: Path) -> list[Look]:
    """The looks in a run's folder, none when it has made none."""
    path = folder / CURVE_FILE
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [_parsed(row) for row in csv.DictReader(file)]


def _flat(look: Look) -> dict[str, object]:
    values = {name: f"{getattr(look, name):.6g}" for name in Look.__struct_fields__[1:-1]}
    bits = {f"bits {name}": f"{value:.5f}" for name, value in look.bits.items()}
    return {"step": look.step, **values, **bits}


def _parsed(row: Mapping[str, str]) -> Look:
    plain = {name: float(row[name]) for name in Look.__struct_fields__[1:-1]}
    bits = {
        name.removeprefix("bits "): float(value)
        for name, value in row.items()
        if name.startswith("bits ")
    }
    return Look(step=int(row["step"]), bits=bits, **plain)
