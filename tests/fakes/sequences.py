"""Sequences of a step, written down one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.types import StepBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Part", "step_batch"]


@dataclass(frozen=True)
class Part:
    """New tokens of one sequence, after `past` tokens in its blocks."""

    tokens: Sequence[int]
    past: int
    blocks: Sequence[int]


def step_batch(*parts: Part, sample: Sequence[int] | None = None) -> StepBatch:
    """All parts in one step; logits of `sample`, or of each part's last token."""
    begins = np.cumsum([0, *(len(part.tokens) for part in parts)])
    return StepBatch(
        tokens=np.concatenate([np.asarray(part.tokens, np.int64) for part in parts]),
        positions=np.concatenate(
            [np.arange(part.past, part.past + len(part.tokens)) for part in parts]
        ),
        past=np.array([part.past for part in parts], np.int32),
        begins=begins.astype(np.int32),
        blocks=np.concatenate([np.asarray(part.blocks, np.int32) for part in parts]),
        block_begins=np.cumsum([0, *(len(part.blocks) for part in parts)]).astype(np.int32),
        sample_rows=begins[1:] - 1 if sample is None else np.asarray(sample, np.int64),
    )
