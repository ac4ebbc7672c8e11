"""One conversation as it stands: what is likely next, ready to be held against a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.ranking.drafts import FAR, encode, prefix_distances
from cuebox.kinds.reply.slots.known_values import KnownValues
from cuebox.kinds.reply.slots.masking import fill_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.core.conversation import Turn
    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.reply.ranking.drafts import Draft
    from cuebox.kinds.reply.ranking.likelihood import DraftModel
    from cuebox.kinds.reply.ranking.offer_list import OfferList
    from cuebox.kinds.reply.slots.masking import Filled

__all__ = ["Compared", "Scored", "Standing"]

# Answers held ready for any draft, the likeliest; others are found by how they begin.
_READY = 128
_MOST_FOUND = 64


@dataclass(frozen=True, slots=True)
class Scored:
    """Some answers of the list, by place, and the probability of each."""

    places: IntArray
    probabilities: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """A draft held against the answers that may be meant.

    Attributes:
        places: of the answers in the list.
        log: their log-probabilities by the context alone.
        log_other: the same of everything else together.
        distances: edits from the draft to how each begins.
        similarity: cosines of draft and answer.
        length, words: of the draft; words are 0 where its meaning is not known.
    """

    places: IntArray
    log: NDArray[np.float64]
    log_other: float
    distances: NDArray[np.int32]
    similarity: FloatArray
    length: int
    words: int


class Standing:
    """The part of ranking that a draft does not change; used by one thread at a time."""

    def __init__(
        self, offers: OfferList, turns: Sequence[Turn], log_probabilities: NDArray[np.float64]
    ) -> None:
        """Take in what the tower said.

        Args:
            offers: the list.
            turns: the conversation, which slots are filled from.
            log_probabilities: `[answers + 1]`, of each answer and of none of them.
        """
        self._offers = offers
        self._known = KnownValues(turns)
        self._filled: dict[int, Filled] = {}
        self._log = log_probabilities[:-1]
        self._log_none = float(log_probabilities[-1])
        best = _largest(self._log, _READY)
        self.ready: IntArray = best[np.argsort(-self._log[best], kind="stable")]
        self._codes: NDArray[np.int32] | None = None
        self._log_rest = _log_rest(self._log, self.ready)

    def filled(self, place: int) -> Filled:
        """The answer's message, its slots filled as far as the conversation tells."""
        found = self._filled.get(place)
        if found is None:
            found = self._filled[place] = fill_known(
                self._offers.wordings.templates[place], self._known
            )
        return found

    def compare(self, draft: Draft, embedding: FloatArray | None) -> Compared:
        """Hold the answers worth a look against a draft.

        Args:
            draft: what is typed.
            embedding: of the draft's meaning, `[dim]`, where it has one.
        """
        places, distances = self._distances(draft.text)
        similarity = np.zeros(len(places), np.float32)
        if embedding is not None:
            similarity = self._offers.embeddings[places].astype(np.float32) @ embedding
        return Compared(
            places=places,
            log=self._log[places],
            log_other=float(np.logaddexp(self._log_none, self._log_rest)),
            distances=distances,
            similarity=similarity,
            length=len(draft.text),
            words=draft.words if embedding is not None else 0,
        )

    def score(self, draft: Draft, embedding: FloatArray | None, model: DraftModel) -> Scored:
        """Probabilities of the answers worth a look, given the draft.

        Args:
            draft: what is typed; blank, the context alone decides.
            embedding: of the draft's meaning, `[dim]`, where it has one.
            model: how likely drafts are.
        """
        if not draft.text.strip():
            return Scored(self.ready, np.exp(self._log[self.ready]))
        compared = self.compare(draft, embedding)
        joint = compared.log + model.answers(
            compared.distances, compared.similarity, length=compared.length, words=compared.words
        )
        every = np.append(joint, compared.log_other + model.other(compared.length))
        top = every.max()
        total = top + np.log(np.exp(every - top).sum())
        return Scored(compared.places, np.exp(joint - total))

    def _distances(self, draft: str) -> tuple[IntArray, NDArray[np.int32]]:
        """Candidates, and the edits from the draft to how each begins."""
        if self._codes is None:
            self._codes = self._ready_codes()
        distances = prefix_distances(draft, self._codes)
        found = self._offers.wordings.beginning_with(draft)
        found = np.setdiff1d(found, self.ready)
        found = found[_largest(self._log[found], _MOST_FOUND)]
        begins = [
            0 if " ".join(self.filled(place).text.split()).casefold().startswith(draft) else FAR
            for place in found.tolist()
        ]
        places = np.concatenate([self.ready, found])
        distances = np.concatenate([distances, np.asarray(begins, np.int32)])
        long = len(draft) > self._codes.shape[1] - FAR
        for row in np.flatnonzero(distances < FAR).tolist() if long else ():
            if not self.filled(int(places[row])).text.casefold().startswith(draft):
                distances[row] = min(distances[row] + 1, FAR)
        return places, distances

    def _ready_codes(self) -> NDArray[np.int32]:
        codes = self._offers.codes[self.ready]
        rows = np.flatnonzero(self._offers.wordings.has_slots[self.ready])
        if len(rows):
            texts = [self.filled(int(self.ready[row])).text for row in rows]
            codes[rows] = encode([" ".join(text.split()) for text in texts])
        return codes


def _largest(values: NDArray[np.float64], count: int) -> IntArray:
    """Places of the largest, in no order."""
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count)[:count]


def _log_rest(log: NDArray[np.float64], ready: IntArray) -> float:
    """Log of what all answers but those held ready share."""
    rest = float(np.exp(log).sum() - np.exp(log[ready]).sum())
    return float(np.log(max(rest, 1e-12)))
