"""The context tower as it is served: signs and pooled turns become a vector that answers meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.core.types import FloatArray
    from cuebox.kinds.reply.ranking.context import Context

__all__ = ["Tower"]


@dataclass(frozen=True)
class Tower:
    """One hidden layer, met by a vector per answer; float32 throughout.

    An answer's vector is the projection of its embedding plus what training learnt of this very
    answer. An answer that training never saw has the projection alone and the bias of a rare
    answer, so that it can be offered at once.

    Attributes:
        vocabulary: the signs it knows, in the order of `sign_weight`.
        sign_weight: `[signs, width]`.
        pool_weight: `[pools * dim, width]`.
        hidden_bias: `[width]`.
        projection: `[dim, width]`.
        ids: the answers it was trained with, in the order of the next two.
        own: `[answers, width]`, what is added to an answer's projection.
        bias: `[answers]`.
        none: `[width + 1]`, vector and bias of "none of the list".
        temperature: what logits are divided by, so that probabilities mean what they say.
    """

    vocabulary: tuple[str, ...]
    sign_weight: FloatArray
    pool_weight: FloatArray
    hidden_bias: FloatArray
    projection: FloatArray
    ids: tuple[str, ...]
    own: FloatArray
    bias: FloatArray
    none: FloatArray
    temperature: float = 1.0

    @cached_property
    def _place(self) -> dict[str, int]:
        return {sign: place for place, sign in enumerate(self.vocabulary)}

    @property
    def width(self) -> int:
        """Of the hidden layer."""
        return len(self.hidden_bias)

    def places(self, signs: Iterable[str]) -> list[int]:
        """Rows of the signs it knows, in order."""
        known = self._place
        return sorted(known[sign] for sign in signs if sign in known)

    def hidden(self, context: Context, embeddings: FloatArray) -> FloatArray:
        """The vector of a conversation, `[width]`, from embeddings `[texts, dim]` of its texts."""
        total = self.hidden_bias + context.pooled(embeddings) @ self.pool_weight
        places = self.places(context.signs)
        if places:
            total = total + self.sign_weight[places].sum(axis=0)
        return np.maximum(total, 0, dtype=np.float32)

    def answers(self, ids: Iterable[str], embeddings: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Vectors `[answers, width]` and biases `[answers]` of any answers.

        Args:
            ids: theirs; one that was not trained on counts as rare.
            embeddings: of their templates, `[answers, dim]`.
        """
        trained = {identity: place for place, identity in enumerate(self.ids)}
        vectors = np.asarray(embeddings @ self.projection, np.float32)
        biases = np.full(len(vectors), self.rare_bias, np.float32)
        for row, identity in enumerate(ids):
            place = trained.get(identity)
            if place is not None:
                vectors[row] += self.own[place]
                biases[row] = self.bias[place]
        return vectors, biases

    @cached_property
    def rare_bias(self) -> np.float32:
        """The bias of an answer that was never seen: low, as of the rarest tenth."""
        return np.float32(np.quantile(self.bias, 0.1) if len(self.bias) else 0)
