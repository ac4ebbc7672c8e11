"""A long benchmark in parts: what was measured is kept, so that a run that was cut off goes on."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.machine import OtherLoad, describe_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.outcome import Outcome

__all__ = ["Parts", "parts_options", "read_options"]

Figures = dict[str, Any]

_QUICK_SECONDS = 3.0
# Where things lie changes no figure.
_PLACES = {"conversations", "models", "peers", "resume", "store"}


def parts_options(
    doc: str | None, *, rounds: int = 3, seconds: float = 10.0, models: bool = True
) -> argparse.ArgumentParser:
    """The options of the benchmarks of language models; each adds its own.

    Args:
        models: whether random ones are needed.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if models:
        parser.add_argument("--models", type=Path, required=True, help="written by decoders.py")
        parser.add_argument("--peers", type=Path, help="folder made by peers/install.sh")
    parser.add_argument("--rounds", type=int, default=rounds, help="A B A B ...; medians count")
    parser.add_argument("--seconds", type=float, default=seconds, help="measured, per round")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument(
        "--resume", type=Path, help="folder that keeps finished parts, for a run that is cut off"
    )
    return parser


def read_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What the command line says; folders absolute, a quick run shortened."""
    arguments = parser.parse_args()
    for name in _PLACES & vars(arguments).keys():
        if isinstance(place := getattr(arguments, name), Path):
            setattr(arguments, name, place.absolute())
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, min(arguments.seconds, _QUICK_SECONDS)
    return arguments


class _Kept(msgspec.Struct):
    """One part's file."""

    conditions: Figures
    others: dict[str, float]
    figures: Figures


class Parts:
    """Measures each part once; what was kept counts for the same options and code only."""

    def __init__(self, outcome: Outcome, arguments: argparse.Namespace) -> None:
        self._outcome = outcome
        self._folder: Path | None = arguments.resume
        options = {key: each for key, each in vars(arguments).items() if key not in _PLACES}
        # As they come back from a file.
        self._conditions: Figures = msgspec.json.decode(
            msgspec.json.encode(options | {"commit": describe_machine()["commit"]})
        )

    def measure(self, name: str, measure: Callable[[], Figures]) -> Figures:
        """The figures of a part, measured now unless an earlier run did."""
        kept = self._read(name)
        if kept is None:
            sys.stderr.write(f"{self._outcome.name}: {name}\n")
            with OtherLoad() as load:
                figures = measure()
            kept = _Kept(self._conditions, load.facts(), figures)
            self._write(name, kept)
        self._outcome.earlier.append(kept.others)
        return kept.figures

    def _read(self, name: str) -> _Kept | None:
        if self._folder is None or not (path := self._path(self._folder, name)).exists():
            return None
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        return kept if kept.conditions == self._conditions else None

    def _write(self, name: str, kept: _Kept) -> None:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._path(self._folder, name).write_bytes(msgspec.json.encode(kept))

    def _path(self, folder: Path, name: str) -> Path:
        words = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{self._outcome.name}-{name}")
        return folder / f"{words}.json"
