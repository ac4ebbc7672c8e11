"""The folder of one training run: settings, log, search table, checkpoints, results."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cuebox.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Run", "open_run"]

_T = TypeVar("_T")


class _State(msgspec.Struct):
    """What `run.json` holds."""

    key: str
    started: str
    finished: str = ""


class Run:
    """A run's folder, `runs/<name>/<time>/`.

    Files are written whole and then renamed, and tables grow by whole lines, so that a kill
    leaves nothing half-written.
    """

    def __init__(self, folder: Path, *, resumed: bool) -> None:
        self.folder = folder
        self.resumed = resumed

    def write(self, name: str, content: bytes | str) -> Path:
        """Write a file of the run."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        return part.replace(path)

    def write_json(self, name: str, value: Any) -> Path:  # noqa: ANN401 - any msgspec-encodable value
        """Write a value as indented JSON."""
        return self.write(name, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")

    def append(self, table: str, row: msgspec.Struct) -> None:
        """Add a row to a table kept as JSON lines."""
        with (self.folder / table).open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")

    def rows(self, table: str, kind: type[_T]) -> list[_T]:
        """The rows of a table; none when it does not exist. A cut last line is left out."""
        path = self.folder / table
        if not path.exists():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        try:
            return [msgspec.json.decode(line, type=kind) for line in lines]
        except msgspec.DecodeError as error:
            raise DataError(f"{path}: {error}; delete the run's folder and start again") from error

    def log(self, message: str) -> None:
        """Add a line to the run's log."""
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{_now()} {message}\n")

    def discard(self, name: str) -> None:
        """Remove a file of the run, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def finish(self) -> None:
        """Mark the run as complete, so that the next one starts afresh."""
        state = _read_state(self.folder)
        if state is not None:
            self.write_json("run.json", msgspec.structs.replace(state, finished=_now()))


def open_run(runs: Path, name: str, key: Sequence[str], *, resume: bool = True) -> Run:
    """The newest unfinished run of `name` with this key, else a new one.

    Args:
        runs: folder of all runs.
        name: of the model.
        key: digests of all that decides the outcome (settings, data, encoder).
        resume: whether to carry on an unfinished run.
    """
    joined = "-".join(one[:16] for one in key)
    home = runs / name
    for folder in sorted(home.iterdir(), reverse=True) if resume and home.is_dir() else ():
        state = _read_state(folder)
        if state is not None and not state.finished and state.key == joined:
            return Run(folder, resumed=True)
    started = datetime.now(UTC)
    folder = _create(home, started.strftime("%Y-%m-%dT%H-%M-%S"))
    run = Run(folder, resumed=False)
    run.write_json("run.json", _State(joined, started.isoformat(timespec="seconds")))
    return run


def _create(home: Path, stamp: str) -> Path:
    """Make a folder that nobody else made, even when two runs start in the same second."""
    home.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = home / (stamp if number == 1 else f"{stamp}.{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _read_state(folder: Path) -> _State | None:
    try:
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
