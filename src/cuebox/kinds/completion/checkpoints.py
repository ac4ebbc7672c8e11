"""Checkpoints of a training: the last two, the best, and where the decay began."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cuebox.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Checkpoints"]

_KEPT = 2


class Checkpoints:
    """A folder of `step-<number>.pt`; each file appears whole, after it reached the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write the state after `step` updates, and remove all but the newest two."""
        self._write(f"step-{step:08d}.pt", state)
        for old in self._steps()[:-_KEPT]:
            old.unlink(missing_ok=True)

    def keep(self, name: str, state: dict[str, Any]) -> None:
        """Write a state under a name, which is not removed."""
        self._write(f"{name}.pt", state)

    def newest(self) -> dict[str, Any] | None:
        """The state of the newest checkpoint, None when there is none."""
        steps = self._steps()
        return read_checkpoint(steps[-1]) if steps else None

    def named(self, name: str) -> dict[str, Any] | None:
        """The state kept under a name, None when there is none."""
        path = self._folder / f"{name}.pt"
        return read_checkpoint(path) if path.exists() else None

    def _steps(self) -> list[Path]:
        return sorted(self._folder.glob("step-*.pt"))

    def _write(self, name: str, state: dict[str, Any]) -> None:
        import torch

        part = self._folder / f".{name}.{os.getpid()}.part"
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's state on the CPU; only tensors and plain containers are read.

    Raises:
        DataError: the file is not a checkpoint.
    """
    import torch

    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch raises whatever its parsers meet
        raise DataError(
            f"{path}: not a checkpoint: {error}; delete it to use the one before"
        ) from error
    return state
