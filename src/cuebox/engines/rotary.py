"""Rotary positions (RoPE) in the rotate-half form, as Llama has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cuebox.core.decoder import DecoderSpec, RopeScaling
    from cuebox.core.types import FloatArray

__all__ = ["rotary_tables"]


def rotary_tables(spec: DecoderSpec) -> tuple[FloatArray, FloatArray]:
    """Cosine and sine of every position, float32 `[context, head_dim]`, both halves alike."""
    exponents = np.arange(0, spec.head_dim, 2) / spec.head_dim
    frequencies = spec.rope_theta**-exponents
    if spec.rope_scaling is not None:
        frequencies = _stretched(frequencies, spec.rope_scaling)
    angles = np.outer(np.arange(spec.context), frequencies)
    angles = np.concatenate([angles, angles], axis=1)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def _stretched(frequencies: NDArray[np.float64], scaling: RopeScaling) -> NDArray[np.float64]:
    """Llama 3.1's frequencies: slow ones divided by `factor`, fast ones kept, smooth between.

    `low_freq_factor` and `high_freq_factor` are turns within the original context.
    """
    turns = scaling.original_context * frequencies / (2 * math.pi)
    low, high = scaling.low_freq_factor, scaling.high_freq_factor
    kept = np.clip((turns - low) / max(high - low, 1e-9), 0.0, 1.0)
    return frequencies * (kept + (1 - kept) / scaling.factor)
