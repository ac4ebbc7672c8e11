"""When a row ends, and how much of its text is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.characters import is_open
from cuebox.generation.choices.gains import Gains
from cuebox.generation.choices.stops import Stops
from cuebox.generation.choices.thoughts import thought_end, whole_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from cuebox.core.generation import FinishReason, GenerateRequest, StopAt
    from cuebox.generation.choices.row import Row

__all__ = ["Ending"]

# Abbreviations, numbers and closing quotes that were typed matter to what ends a thought.
_TYPED = 64


class Ending:
    """The rules of one request: end tokens, stop texts, whole thoughts, budget and window."""

    def __init__(
        self, request: GenerateRequest, typed: str, ends: Collection[int], room: int
    ) -> None:
        self._ends = frozenset(ends)
        self._stops = Stops(request.stop)
        self._gain = request.stop_at == "gain"
        self._stop_at: StopAt = "sentence" if self._gain else request.stop_at
        self._budget = request.max_tokens
        self._room = room
        self._typed = typed[-_TYPED:]

    def ends(self, token: int) -> bool:
        """Whether a token ends the text."""
        return token in self._ends

    def check(self, row: Row) -> None:
        """After a row has taken a token: set `finish` and `cut` if it ends here."""
        # With whole thoughts one token beyond the budget is looked at, to see whether the last
        # word is complete; it is no part of the answer.
        over = row.added > self._budget
        limit = row.ends[-2] if over else len(row.text)
        if self.ends(row.token):
            self._finish(row, "stop", limit)
        elif (end := self._found(row)) is not None and end <= limit:
            self._finish(row, "stop", end)
        elif over or len(row.tokens) >= self._room:
            self._finish(row, "length", self._whole(row, limit))
        elif row.added == self._budget and not self._looks_on(row):
            whole = self._thought(row, final=True) is not None
            self._finish(row, "stop" if whole else "length", limit)
        elif self._gain and self._gains(row).hopeless(row, self._budget - row.added):
            self._finish(row, "length", self._whole(row, limit))

    def stop(self, row: Row) -> None:
        """End a row that still goes on, because its time is over."""
        if row.finish is None:
            limit = row.ends[-2] if row.added > self._budget else len(row.text)
            self._finish(row, "length", self._whole(row, limit))

    def sure(self, row: Row) -> int:
        """How much of a row's text stays, whatever follows."""
        if row.finish is not None:
            return row.cut
        sure = self._stops.sure(row.text)
        if self._stop_at == "none":
            return sure
        if self._gain:
            return self._gains(row).best(sure) or 0
        typed = self._typed
        # As if a digit followed: nothing else joins so many marks to the word before them.
        text = f"{typed}{row.text}0"
        whole = whole_words(text, len(typed), len(typed) + sure) - len(typed)
        return len(row.text[:whole].rstrip())

    def _found(self, row: Row) -> int | None:
        """The first place where a stop text begins or a thought ends."""
        seen = row.ends[-2] if len(row.ends) > 1 else 0
        places = self._stops.find(row.text, seen), self._thought(row, final=False)
        return min((place for place in places if place is not None), default=None)

    def _thought(self, row: Row, *, final: bool) -> int | None:
        if self._stop_at == "none" or not row.text:
            return None
        start = len(self._typed)
        end = thought_end(self._typed + row.text, start, self._stop_at, final=final)
        return None if end is None else end - start

    def _looks_on(self, row: Row) -> bool:
        return self._stop_at != "none" and (not row.text or is_open(row.text))

    def _whole(self, row: Row, limit: int) -> int:
        if self._stop_at == "none":
            return limit
        start = len(self._typed)
        return whole_words(self._typed + row.text, start, start + limit) - start

    def _finish(self, row: Row, reason: FinishReason, cut: int) -> None:
        row.finish = reason
        row.cut = cut if self._stop_at == "none" else len(row.text[:cut].rstrip())
        if self._gain and row.cut:
            best = self._gains(row).close(row, row.cut)
            row.finish = "stop" if best < row.cut else reason
            row.cut = best

    def _gains(self, row: Row) -> Gains:
        row.gains = row.gains or Gains(self._typed)
        row.gains.weigh(row)
        return row.gains
