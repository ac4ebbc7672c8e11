"""Facts about this machine, kept as empty files in a folder."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FileMarks"]

_log = logging.getLogger(__name__)


class FileMarks:
    """A set of keys (hex digests) in `folder`; a folder that cannot be written remembers nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, key: str) -> bool:
        """Whether `key` was added by this or an earlier process."""
        return (self._folder / key).exists()

    def add(self, key: str) -> None:
        """Remember `key`."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / key).touch()
        except OSError as error:
            _log.warning("cannot remember in %s: %s", self._folder, error)
