"""The answers that a model offers, with everything that can be computed before anybody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.ranking.drafts import encode
from cuebox.kinds.reply.slots.matching import fold
from cuebox.kinds.reply.slots.templates import parse_template
from cuebox.kinds.reply.slots.wordings import Wordings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.answers.answer_list import Answer
    from cuebox.kinds.reply.ranking.context import Context
    from cuebox.kinds.reply.ranking.tower import Tower

    _Doubles = NDArray[np.float64]

__all__ = ["SURPRISE", "OfferList"]

# How often people do what no context foretells. Without it a tower that is sure of itself would
# hold out against letters that say otherwise.
SURPRISE = 0.01


class OfferList:
    """A list of answers as one tower sees it; made anew when the list changes, without training.

    Attributes:
        answers: in the list's order, which is what places count.
        embeddings: float16 `[answers, dim]`, of the templates.
        wordings: finds answers by how they begin.
        codes: beginnings of answers, slots unfilled.
    """

    def __init__(self, answers: Sequence[Answer], embeddings: FloatArray, tower: Tower) -> None:
        self.answers = tuple(answers)
        self.embeddings = embeddings.astype(np.float16)
        self.wordings = Wordings([answer.text for answer in answers])
        self.codes = encode([_plain(answer.text) for answer in answers])
        self._tower = tower
        # The half precision that is published decides, so that a version repeats itself.
        vectors, biases = tower.answers(
            [answer.id for answer in answers], self.embeddings.astype(np.float32)
        )
        self._vectors = np.concatenate([vectors, tower.none[None, :-1]])
        self._biases = np.append(biases, tower.none[-1])
        self._usual = _softmax(self._biases.astype(np.float64))

    def log_probabilities(self, context: Context, embeddings: FloatArray) -> _Doubles:
        """Float64 `[answers + 1]`, the last of "none of the list".

        Args:
            context: the conversation.
            embeddings: of its texts, `[texts, dim]`.
        """
        hidden = self._tower.hidden(context, embeddings)
        logits = (self._vectors @ hidden + self._biases) / np.float32(self._tower.temperature)
        chances = _softmax(logits.astype(np.float64))
        return np.asarray(np.log((1 - SURPRISE) * chances + SURPRISE * self._usual))


def _softmax(logits: _Doubles) -> _Doubles:
    chances = np.exp(logits - logits.max())
    return np.asarray(chances / chances.sum())


def _plain(template: str) -> str:
    return fold("".join(piece.text for piece in parse_template(template)))
