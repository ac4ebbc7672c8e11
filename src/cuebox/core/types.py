"""Plain values that cross rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Classification",
    "ClassifyOptions",
    "Embedded",
    "FloatArray",
    "Int32Array",
    "IntArray",
    "LabelScore",
    "StepBatch",
    "TokenBatch",
    "Tokens",
]

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Int32Array = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text after tokenisation.

    Attributes:
        ids: token ids with special tokens, at most the encoder's `max_tokens`.
        total: how many tokens the whole text has, special tokens included.
    """

    ids: Sequence[int]
    total: int

    @property
    def truncated(self) -> bool:
        """Whether the text was longer than the encoder reads."""
        return self.total > len(self.ids)


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Token ids and their mask, both int64 `[rows, tokens]`; padding has mask 0."""

    ids: IntArray
    mask: IntArray

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> TokenBatch:
        """Pad `rows` of token ids on the right to the longest one."""
        longest = max(len(row) for row in rows)
        ids = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        return cls(ids, mask)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A text's embedding and what reading it took.

    Attributes:
        vector: float32 `[dim]`, read-only.
        tokens: tokens the encoder read.
        total: tokens of the whole text; more than `tokens` when it was cut.
    """

    vector: FloatArray
    tokens: int
    total: int

    @property
    def truncated(self) -> bool:
        """Whether the encoder read less than the whole text."""
        return self.total > self.tokens

    @staticmethod
    def stack(rows: Sequence[Embedded]) -> FloatArray:
        """The vectors of at least one row as float32 `[rows, dim]`; a view when it is one."""
        if len(rows) == 1:
            return rows[0].vector[np.newaxis]
        return np.stack([row.vector for row in rows])


class LabelScore(msgspec.Struct, frozen=True):
    """A label and its calibrated probability in [0, 1]."""

    label: str
    score: float


class Classification(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one classifier says of one text.

    Attributes:
        model: the classifier's name.
        version: the version that answered.
        labels: best first; one for a single-label model unless `top_k` asks for more; for a
            multi-label model every label at or over its threshold (possibly none), or the
            `top_k` best when asked.
        out_of_scope: true when the text belongs to none of the labels; absent for models that
            do not detect it.
    """

    model: str
    version: str
    labels: list[LabelScore]
    out_of_scope: bool | None = None


@dataclass(frozen=True, slots=True)
class ClassifyOptions:
    """What a caller may ask of a classification.

    Attributes:
        top_k: how many labels to return, best first; None for the model's natural answer.
        threshold: overrides every label's own threshold (multi-label) or hides labels below it
            (single-label); None for the model's own.
    """

    top_k: int | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class StepBatch:
    """New tokens of several sequences, joined without padding.

    Attributes:
        tokens: int64 `[new tokens]` of all sequences, one after the other.
        positions: int64 `[new tokens]`, each token's place in its sequence.
        past: int32 `[sequences]`, tokens whose keys and values are in the blocks already.
        begins: int32 `[sequences + 1]`, where each sequence begins in `tokens`.
        blocks: int32, the blocks of all sequences, one after the other, with room for the new.
        block_begins: int32 `[sequences + 1]`, where each sequence begins in `blocks`.
        sample_rows: int64, places in `tokens` whose logits are wanted.
    """

    tokens: IntArray
    positions: IntArray
    past: Int32Array
    begins: Int32Array
    blocks: Int32Array
    block_begins: Int32Array
    sample_rows: IntArray
