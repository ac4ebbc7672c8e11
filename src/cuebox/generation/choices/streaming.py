"""Choices as they grow."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cuebox.core.generation import Delta, TokenLogprobs
from cuebox.generation.choices.distinct import may_meet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.generation.choices.answers import Answers
    from cuebox.generation.choices.endings import Ending
    from cuebox.generation.choices.row import Row

__all__ = ["Streaming"]


class Streaming:
    """Sends each choice's text in whole tokens, and nothing that may have to be taken back.

    Held is what may become a stop text or be cut back to a whole word, a choice that may repeat
    an earlier one.

    Args:
        distinct: choices which repeat an earlier one are not sent.
        whole: nothing is sent before a choice has ended, as its score decides whether at all.
    """

    def __init__(self, answers: Answers, ending: Ending, *, distinct: bool, whole: bool) -> None:
        self._answers = answers
        self._ending = ending
        self._distinct = distinct
        self._whole = whole
        self._sent: dict[int, int] = {}
        self._tokens_sent: dict[int, int] = {}
        self._closed: set[int] = set()

    def committed(self, index: int) -> bool:
        """Whether something of a choice was sent."""
        return index in self._sent or index in self._closed

    def deltas(self, rows: Sequence[Row]) -> list[Delta]:
        """What is new of choices 0, 1, ... since last asked."""
        found = []
        for index, row in enumerate(rows):
            if index not in self._closed and (delta := self._delta(index, rows)) is not None:
                found.append(delta)
                if row.finish is not None:
                    self._closed.add(index)
        return found

    def _delta(self, index: int, rows: Sequence[Row]) -> Delta | None:
        row = rows[index]
        if not self.committed(index) and self._held(index, rows):
            return None
        if row.finish is not None:
            return self._last(index, row)
        sure = self._ending.sure(row)
        count = bisect_right(row.ends, sure)
        end = row.ends[count - 1] if count else 0
        if end <= self._sent.get(index, 0):
            return None
        return Delta(
            index=index, text=self._text(index, row, end), logprobs=self._new(index, row, end)
        )

    def _held(self, index: int, rows: Sequence[Row]) -> bool:
        row = rows[index]
        if self._whole and row.finish is None:
            return True
        return self._distinct and any(
            may_meet(
                self._stays(other),
                self._stays(row),
                early_done=other.finish is not None,
                late_done=row.finish is not None,
            )
            for other in rows[:index]
        )

    def _stays(self, row: Row) -> str:
        return row.text[: self._ending.sure(row)]

    def _last(self, index: int, row: Row) -> Delta:
        sure = self._answers.sure(row)
        end = row.cut if sure else 0
        return Delta(
            index=index,
            text=self._text(index, row, end) if sure else "",
            finish_reason=row.finish,
            score=self._answers.score(row),
            logprobs=self._new(index, row, end) if sure else None,
        )

    def _text(self, index: int, row: Row, end: int) -> str:
        begin = self._sent.get(index)
        self._sent[index] = end
        return self._answers.echoed + row.text[:end] if begin is None else row.text[begin:end]

    def _new(self, index: int, row: Row, end: int) -> TokenLogprobs | None:
        known = self._answers.logprobs(row, end)
        if known is None:
            return None
        begin = self._tokens_sent.get(index, 0)
        self._tokens_sent[index] = len(known.tokens)
        tops = known.top_logprobs
        return TokenLogprobs(
            known.tokens[begin:],
            known.token_logprobs[begin:],
            None if tops is None else tops[begin:],
            known.text_offset[begin:],
        )
