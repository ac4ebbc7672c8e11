"""Texts before which an answer ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Stops"]


class Stops:
    """Finds stop texts wherever they begin and end, also across the borders of tokens."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]

    def find(self, text: str, seen: int) -> int | None:
        """Where the first stop text begins; None when there is none.

        The first `seen` characters were searched before.
        """
        places = [text.find(stop, max(seen - len(stop) + 1, 0)) for stop in self._stops]
        return min((place for place in places if place >= 0), default=None)

    def sure(self, text: str) -> int:
        """How much of `text` cannot become part of a stop text, whatever follows."""
        for start in range(max(len(text) - self._longest + 1, 0), len(text)):
            end = text[start:]
            if any(stop.startswith(end) for stop in self._stops):
                return start
        return len(text)

    @property
    def _longest(self) -> int:
        return max(map(len, self._stops), default=0)
