"""The baseline that needs only the encoder: what was sent in the most similar situations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.replies import RankedReply
from cuebox.core.types import FloatArray, IntArray
from cuebox.kinds.reply.replay.offers import Offered
from cuebox.kinds.reply.replay.typist import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.core.conversation import Turn
    from cuebox.kinds.reply.conversations.reading import Conversation

__all__ = ["Embed", "NearestNeighbour"]

# Texts to embeddings, float32 `[texts, dim]`.
Embed = Callable[[Sequence[str]], FloatArray]

# How much the last turn and the ones before it count; lookups are left out.
_TURN_WEIGHTS = (1.0, 0.7, 0.5)
_VOTERS = 50
_LEAST_VOTE = 1e-6
_REMEMBERED = 64
_HIGHEST = "\U0010ffff"


class NearestNeighbour:
    """Lets the most similar past contexts vote, those whose message begins with the draft.

    A context is the last three turns that were spoken, each by its embedding; similarity is the
    weighted sum of cosines. The score of a reply is its share of the votes, so something is
    offered wherever any past message begins with the draft.
    """

    def __init__(
        self, conversations: Iterable[Conversation], embed: Embed, *, replies: int = 3
    ) -> None:
        """Remember every message that an agent sent, and what had been said before."""
        self._embed = embed
        self._replies = replies
        past = sorted(_past(conversations))
        self._messages = [message for message, _ in past]
        texts = sorted({text for _, context in past for text in context if text})
        # The last row stands for a turn that is not there, and is like no text.
        rows = {text: row for row, text in enumerate(texts)} | {"": len(texts)}
        self._contexts = np.asarray(
            [[rows[text] for text in context] for _, context in past], np.int64
        ).reshape(-1, len(_TURN_WEIGHTS))
        self._vectors = _directions(embed, texts)
        self._similarity = lru_cache(_REMEMBERED)(self._similarities)

    def __call__(self, turns: Sequence[Turn], draft: str) -> Offered:
        """The replies with the most votes."""
        start = bisect_left(self._messages, draft)
        end = bisect_right(self._messages, draft + _HIGHEST)
        if start == end:
            return Offered()
        similarity = self._similarity(_context([turn for turn in turns if turn.role != "tool"]))
        voters = _largest(similarity[start:end], _VOTERS)
        votes: dict[str, float] = defaultdict(float)
        weights = np.maximum(similarity[start + voters], _LEAST_VOTE)
        for voter, weight in zip((start + voters).tolist(), weights.tolist(), strict=True):
            votes[self._messages[voter]] += weight
        total = sum(votes.values())
        best = nlargest(self._replies, votes.items(), key=itemgetter(1))
        return Offered(
            [
                RankedReply(answer=message, text=message, score=share / total)
                for message, share in best
            ]
        )

    def _similarities(self, context: tuple[str, ...]) -> FloatArray:
        """Float32 `[past messages]`, in their order."""
        similarity = np.zeros(len(self._contexts), np.float32)
        vectors = iter(_directions(self._embed, list(filter(None, context))))
        for column, (weight, text) in enumerate(zip(_TURN_WEIGHTS, context, strict=True)):
            rows = self._contexts[:, column]
            missing = len(self._vectors) - 1
            alike = (self._vectors @ next(vectors))[rows] if text else rows == missing
            similarity += weight * alike
        return similarity


def _past(conversations: Iterable[Conversation]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for conversation in conversations:
        spoken: list[Turn] = []
        for one in conversation.turns:
            message = fold(one.turn.text)
            if one.turn.role == "agent" and message:
                yield message, _context(spoken)
            if one.turn.role != "tool":
                spoken.append(one.turn)


def _context(spoken: Sequence[Turn]) -> tuple[str, ...]:
    """The texts of the last turns, the newest first; empty where there are fewer."""
    last = [turn.text for turn in reversed(spoken[-len(_TURN_WEIGHTS) :]) if turn.text]
    return (*last, *[""] * (len(_TURN_WEIGHTS) - len(last)))


def _directions(embed: Embed, texts: Sequence[str]) -> FloatArray:
    """Embeddings of length 1 and a row of zeros, float32 `[texts + 1, dim]`."""
    if not texts:
        return np.zeros((1, 1), np.float32)
    vectors = embed(texts)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.concatenate([vectors / lengths, np.zeros((1, vectors.shape[1]), np.float32)])


def _largest(values: FloatArray, count: int) -> IntArray:
    """Places of the largest values, all where there are no more than `count`."""
    if len(values) <= count:
        return np.arange(len(values), dtype=np.int64)
    largest: IntArray = np.argpartition(-values, count)[:count]
    return largest
