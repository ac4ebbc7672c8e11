"""What needs no model: the most frequent messages, and a trie of all past messages.

Both know only what agents sent in training conversations, white space folded.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.replies import RankedReply
from cuebox.kinds.reply.replay.offers import InlineCompletion, Offered
from cuebox.kinds.reply.replay.typist import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.kinds.reply.conversations.reading import Conversation

__all__ = ["MostFrequent", "PrefixTrie", "sent_messages"]

_REMEMBERED = 1 << 16
_HIGHEST = chr(sys.maxunicode)


def sent_messages(conversations: Iterable[Conversation]) -> Counter[str]:
    """What agents sent, and how often."""
    texts = (
        fold(spoken.turn.text)
        for conversation in conversations
        for spoken in conversation.turns
        if spoken.turn.role == "agent"
    )
    return Counter(filter(None, texts))


class _SortedMessages:
    """Past messages in the order of their letters, so that a beginning is a range."""

    def __init__(self, messages: Counter[str]) -> None:
        self.texts = sorted(messages)
        self.counts = np.asarray([messages[text] for text in self.texts], np.int64)
        self._before = np.concatenate([[0], np.cumsum(self.counts)])

    def total(self, start: int, end: int) -> int:
        """How often the messages of a range were sent."""
        return int(self._before[end] - self._before[start])

    def end(self, start: int, beginning: str) -> int:
        """The end of the range that starts at `start` and has this beginning."""
        return bisect_right(self.texts, beginning + _HIGHEST, lo=start)

    def range(self, beginning: str) -> tuple[int, int]:
        """The messages with this beginning."""
        start = bisect_right(self.texts, beginning)
        if start and self.texts[start - 1] == beginning:
            start -= 1
        return start, self.end(start, beginning)


class MostFrequent:
    """Offers the most frequent messages that begin with the draft, by their share of those."""

    def __init__(self, messages: Counter[str], *, replies: int = 3) -> None:
        self._messages = _SortedMessages(messages)
        self._replies = replies
        self._at = lru_cache(_REMEMBERED)(self._offered)

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """The same whatever was said before."""
        del turns
        return self._at(draft)

    def _offered(self, draft: str) -> Offered:
        start, end = self._messages.range(draft)
        total = self._messages.total(start, end)
        best = np.argsort(-self._messages.counts[start:end], kind="stable")[: self._replies]
        replies = [
            RankedReply(
                answer=str(place),
                text=self._messages.texts[place],
                score=int(self._messages.counts[place]) / total,
            )
            for place in (start + best).tolist()
        ]
        return Offered(replies)


class PrefixTrie:
    """Completes the draft along the way that most past messages went from there.

    Of that way it offers the piece whose share of the messages, times the keys it would save, is
    largest; the share is the score.
    """

    def __init__(self, messages: Counter[str]) -> None:
        self._messages = _SortedMessages(messages)
        self._at = lru_cache(_REMEMBERED)(self._offered)
        self._step = lru_cache(_REMEMBERED)(self._next)

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """The same whatever was said before."""
        del turns
        return self._at(draft)

    def _offered(self, draft: str) -> Offered:
        start, end = self._messages.range(draft)
        total = self._messages.total(start, end)
        best, best_text, best_share = 0.0, "", 0.0
        text = draft
        while (step := self._step(text, start, end)) is not None:
            text, start, end = step
            share = self._messages.total(start, end) / total
            saved = len(text) - len(draft) - 1
            if share * saved > best:
                best, best_text, best_share = share * saved, text[len(draft) :], share
        if not best_text:
            return Offered()
        return Offered(completion=InlineCompletion(best_text, best_share))

    def _next(self, text: str, start: int, end: int) -> tuple[str, int, int] | None:
        """The most frequent character after `text`, and its range; None where all end here."""
        if start < end and self._messages.texts[start] == text:
            start += 1
        best: tuple[int, str, int, int] | None = None
        while start < end:
            longer = self._messages.texts[start][: len(text) + 1]
            after = self._messages.end(start, longer)
            total = self._messages.total(start, after)
            if best is None or total > best[0]:
                best = total, longer, start, after
            start = after
        return None if best is None else best[1:]
