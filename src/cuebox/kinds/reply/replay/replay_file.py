"""Replayed conversations on disk, one a line, so that an interrupted replay goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from cuebox.core.errors import DataError
from cuebox.kinds.reply.replay.replayed import ReplayedConversation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["ReplayFile"]

_T = TypeVar("_T", bound=msgspec.Struct)


class _Id(msgspec.Struct):
    """All that tells which conversation a line holds."""

    id: str


class ReplayFile:
    """A file of JSON lines that only grows; a line that a kill cut short is dropped."""

    def __init__(self, path: Path) -> None:
        """Open or begin the file.

        Raises:
            DataError: the file holds something else.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            file.seek(0)
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
        self._ids = {one.id for one in self._decode(_Id)}

    def ids(self) -> frozenset[str]:
        """The conversations that are there."""
        return frozenset(self._ids)

    def add(self, conversation: ReplayedConversation) -> None:
        """Append a conversation."""
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(conversation) + b"\n")
        self._ids.add(conversation.id)

    def read(self, ids: Collection[str]) -> Iterator[ReplayedConversation]:
        """Those of the named conversations that are there, in the file's order.

        Only one is in memory at a time: a moment a character is a lot.
        """
        wanted = frozenset(ids)
        return (one for one in self._decode(ReplayedConversation) if one.id in wanted)

    def _decode(self, kind: type[_T]) -> Iterator[_T]:
        decoder = msgspec.json.Decoder(kind)
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise DataError(
                        f"{self.path}, line {number}: {error}; delete the file to replay again"
                    ) from error
