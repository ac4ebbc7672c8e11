"""A served reply model: ranks the answers of its list for a conversation and a draft."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.core.errors import GoldenMismatch, InvalidRequest
from cuebox.core.text import TextSettings, normalize_text
from cuebox.kinds.reply.answers.recognise import Recogniser
from cuebox.kinds.reply.ranking.choosing import best_replies
from cuebox.kinds.reply.ranking.context import read_context, recent
from cuebox.kinds.reply.ranking.drafts import read_draft
from cuebox.kinds.reply.ranking.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.manifest import Golden, Manifest
    from cuebox.core.replies import RankedReply
    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.body import ReplyBody
    from cuebox.kinds.reply.ranking.context import Context
    from cuebox.kinds.reply.ranking.offer_list import OfferList

__all__ = ["ReplyPredictor"]

# Conversations whose part of the work is remembered between keystrokes, and agents' turns.
_REMEMBERED = 64
_RECOGNISED = 4096
# Answers that a golden example is compared with.
_COMPARED = 32


@dataclass(slots=True)
class _Remembered:
    """What was found out about one conversation."""

    context: Context
    standing: Standing | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class ReplyPredictor:
    """`core.ports.ReplyPredictor`; safe to call from several threads."""

    def __init__(self, manifest: Manifest, body: ReplyBody, offers: OfferList) -> None:
        self.manifest = manifest
        self.body = body
        self.offers = offers
        self._recogniser = Recogniser(offers.answers)
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._answers: OrderedDict[bytes, str | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def labels(self) -> Sequence[str]:
        """Ids of the answers, in the order of the list."""
        return [answer.id for answer in self.offers.answers]

    @property
    def text(self) -> TextSettings:
        """The normalisation of what is embedded."""
        return self.body.text

    @property
    def completion(self) -> str:
        """Name of the completion model to suggest beside it; empty for none."""
        return self.body.completion

    def prepare(self, text: str) -> str:
        """Normalise; the result is the cache key and the tokenizer's input."""
        return normalize_text(text, self.body.text)

    def texts(self, turns: Sequence[Turn], draft: str) -> list[str]:
        """Turns that count and, once it has a whole word, the draft; normalised."""
        texts = [self.prepare(text) for text in self._remember(turns).context.texts]
        meaning = self.prepare(read_draft(draft).meaning)
        return [*texts, meaning] if meaning else texts

    def rank(
        self, turns: Sequence[Turn], draft: str, embeddings: FloatArray, k: int
    ) -> list[RankedReply]:
        """The `k` best answers, best first.

        Args:
            turns: the conversation so far, oldest first.
            draft: what the agent has typed of the next turn.
            embeddings: float32 `[len(texts), dim]` of `texts(turns, draft)`, in order.
            k: at most so many.

        Raises:
            InvalidRequest: other embeddings than `texts` asked for, or `k` below 1.
        """
        if k < 1:
            raise InvalidRequest(f"k is {k}; ask for at least one reply", param="k")
        remembered = self._remember(turns)
        typed = read_draft(draft)
        count = len(remembered.context.texts)
        has_meaning = bool(self.prepare(typed.meaning))
        if len(embeddings) != count + has_meaning:
            raise InvalidRequest(
                f"{len(embeddings)} embeddings for {count + has_meaning} texts: embed what "
                "`texts` returns for the same turns and draft"
            )
        with remembered.lock:
            standing = remembered.standing
            if standing is None:
                chances = self.offers.log_probabilities(remembered.context, embeddings[:count])
                standing = remembered.standing = Standing(self.offers, turns, chances)
            meant = embeddings[count] if has_meaning else None
            scored = standing.score(typed, meant, self.body.drafts)
            return best_replies(self.offers, standing, scored, typed, k)

    def min_score(self, coverage: float) -> float:
        """The score below which replies are withheld, so that about `coverage` remain.

        Between two measured points it goes in a straight line.

        Raises:
            InvalidRequest: this version recorded no such figures; `param` is `coverage`.
        """
        points = self.body.coverage
        if not points:
            raise InvalidRequest(
                f"model {self.manifest.name!r} was published without held-out conversations, so "
                "what coverage means was never measured: ask for min_score instead",
                param="coverage",
            )
        if coverage >= 1:
            return 0.0
        shares = [point.coverage for point in points]
        return float(np.interp(coverage, shares, [point.min_score for point in points]))

    def check(self, golden: Golden, output: FloatArray, /) -> None:
        """Raise `GoldenMismatch` unless answers are as similar to the input as recorded."""
        actual = self.similarities(output)
        who = f"reply model {self.manifest.name!r} {self.manifest.version}".rstrip()
        if len(golden.expected) != len(actual):
            raise GoldenMismatch(
                f"{who}: a golden example has {len(golden.expected)} values, the list gives "
                f"{len(actual)}"
            )
        off = float(np.abs(actual - np.asarray(golden.expected, np.float32)).max(initial=0))
        if not off <= self.body.golden_tolerance:
            raise GoldenMismatch(
                f"{who}: {golden.input[:60]!r} is {off:.3f} off the recorded similarity to an "
                f"answer, allowed {self.body.golden_tolerance}: encoder or list differ"
            )

    def similarities(self, embedding: FloatArray) -> FloatArray:
        """Cosines of an embedding `[dim]` with the first answers of the list, for goldens."""
        first = self.offers.embeddings[:_COMPARED].astype(np.float32)
        return np.asarray(first @ embedding.reshape(-1), np.float32)

    def _remember(self, turns: Sequence[Turn]) -> _Remembered:
        so_far = _digests(turns)
        with self._lock:
            found = self._remembered.get(so_far[-1])
            if found is not None:
                self._remembered.move_to_end(so_far[-1])
                return found
        window = recent(turns)
        places = _places(turns, window)

        def answer_of(place: int) -> str | None:
            return self._recognised(turns, places[place], so_far)

        context = read_context(window, answer_of)
        with self._lock:
            remembered = self._remembered.setdefault(so_far[-1], _Remembered(context))
            _forget(self._remembered, _REMEMBERED)
        return remembered

    def _recognised(self, turns: Sequence[Turn], place: int, so_far: Sequence[bytes]) -> str | None:
        """The answer that an agent's turn was; in a conversation that goes on, it is known."""
        key = so_far[place + 1]
        with self._lock:
            if key in self._answers:
                return self._answers[key]
        answer = self._recogniser.answer(turns[place].text, recent(turns[:place]))
        with self._lock:
            self._answers[key] = answer
            _forget(self._answers, _RECOGNISED)
        return answer


def _digests(turns: Sequence[Turn]) -> list[bytes]:
    """A digest of the conversation before each turn, and of all of it."""
    running = hashlib.blake2b(digest_size=16)
    digests = [running.digest()]
    for turn in turns:
        running.update(msgspec.msgpack.encode(turn))
        digests.append(running.digest())
    return digests


def _places(turns: Sequence[Turn], window: Sequence[Turn]) -> list[int]:
    """Where the turns of a window, which may begin with an early one, stand in all turns."""
    start = len(turns) - len(window)
    places = list(range(start, len(turns)))
    if window and window[0] is not turns[start]:
        places[0] = next(place for place, turn in enumerate(turns) if turn is window[0])
    return places


def _forget(remembered: OrderedDict[bytes, Any], most: int) -> None:
    """Drop the oldest until at most so many are left."""
    while len(remembered) > most:
        remembered.popitem(last=False)
