"""The learning rate: warm-up, stable, decay (Hu et al., 2024; Hägele et al., 2024).

The stable phase has no planned end, so that a training can be finished early, or carried on
later from where its decay began, without training anew.
"""

from __future__ import annotations

import math

__all__ = ["decay_steps", "rate"]


def decay_steps(stable: int, share: float) -> int:
    """Steps of a decay that begins after `stable` steps and is `share` of all of them."""
    return max(1, round(stable * share / (1 - share))) if share < 1 else max(1, stable)


def rate(step: int, *, warmup: int, decay_from: int | None, decay: int) -> float:
    """Share of the highest learning rate that step number `step`, from 0, uses.

    Args:
        step: number of updates made before.
        warmup: steps to the highest rate.
        decay_from: the first step of the decay; None while no end is in sight.
        decay: steps of the decay.
    """
    warm = min(1.0, (step + 1) / (warmup + 1))
    if decay_from is None or step < decay_from:
        return warm
    passed = min(1.0, (step + 1 - decay_from) / (decay + 1))
    return warm * (1 - math.sqrt(passed))
