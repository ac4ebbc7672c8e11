"""The engine process as one server process of several sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ENGINE_SOCKET", "SupervisedEngine"]

ENGINE_SOCKET = "engine.sock"
"""The socket's name in the folder of a server."""

_WANTED = "engine-wanted"


class SupervisedEngine:
    """`generation.client.Keeper` of one server process of several: the supervisor does it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / ENGINE_SOCKET

    def start(self) -> None:
        """Tell the supervisor that an engine process is wanted."""
        (self._folder / _WANTED).touch()

    def stop(self) -> None:
        """Nothing: other server processes may need it."""

    @staticmethod
    def wanted(folder: Path) -> bool:
        """Whether any server process asked for an engine."""
        return (folder / _WANTED).exists()
