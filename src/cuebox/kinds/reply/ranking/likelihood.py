"""How likely a draft is when an agent is about to send an answer, or something else.

An agent who has an answer in mind types its beginning, perhaps with slips, or says it in other
words; who has none in mind types anything. Bayes' rule then joins the draft with what the
context says, and the outcome is a probability again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.kinds.reply.ranking.drafts import FAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray

    # Of one draft, or of several, a row each.
    _Counts = int | NDArray[np.int64]
    _Logs = NDArray[np.float64]

__all__ = ["DraftModel"]

# Similarity means little before so many words are there.
_WORDS_TO_TRUST = 5
_IMPOSSIBLE = -1e9


class DraftModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The chances of a draft; logarithms are natural.

    Attributes:
        verbatim: log-odds that an agent types the answer's own words.
        slip: log-probability of each typing error.
        letter: log-probability of each letter of a text that is none of the list.
        first: the same of its beginning, once.
        meaning: weight of the similarity of draft and answer.
        typical: the similarity of an answer in other words, on average.
    """

    verbatim: float = 1.0
    slip: float = -4.0
    letter: float = -1.0
    first: float = -1.0
    meaning: float = 8.0
    typical: float = 0.5

    def other(self, length: _Counts) -> _Logs:
        """Log-probability of a draft of `length` letters when no answer of the list is meant."""
        return self.first + self.letter * np.asarray(length, np.float64)

    def answers(
        self,
        distances: NDArray[np.int32],
        similarity: FloatArray,
        *,
        length: _Counts,
        words: _Counts,
    ) -> NDArray[np.float64]:
        """Log-probability of the draft for each answer.

        Args:
            distances: edits to the answer's beginning, `FAR` for many.
            similarity: of draft and answer, cosine; ignored while there are no words.
            length: letters of the draft.
            words: whole words of it.
        """
        own = math.log1p(math.exp(-self.verbatim))
        # Not minus infinity: drafts of several conversations are fitted together, with gradients.
        typed = np.where(distances >= FAR, _IMPOSSIBLE, self.slip * distances - own)
        trust = self.meaning * np.minimum(np.asarray(words) / _WORDS_TO_TRUST, 1.0)
        said = self.other(length) - self.verbatim - own + trust * (similarity - self.typical)
        return np.asarray(np.logaddexp(typed, said), np.float64)
