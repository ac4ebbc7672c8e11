"""Where to draw the line between in scope and out of scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray

__all__ = ["fit_min_logit"]


def fit_min_logit(inside: FloatArray, outside: FloatArray, *, coverage: float) -> float:
    """The highest logit below which a text is out of scope.

    Args:
        inside: highest logit of each in-scope row, none of them trained on.
        outside: highest logit of each out-of-scope row; may be empty.
        coverage: share of `inside` that must be accepted at least.

    Returns:
        Without out-of-scope rows, the line at exactly that coverage. With them, the line at
        that coverage or above where the mean of both shares that are told right is highest.
    """
    if not len(inside):
        return float("-inf")
    lowest = float(np.quantile(inside, 1 - coverage))
    if not len(outside):
        return lowest
    lines = np.unique(np.concatenate([inside, outside, [lowest]]).astype(np.float64))
    lines = lines[lines <= lowest]
    accepted = 1 - np.searchsorted(np.sort(inside), lines, side="left") / len(inside)
    rejected = np.searchsorted(np.sort(outside), lines, side="left") / len(outside)
    return float(lines[int(np.argmax(accepted + rejected))])
