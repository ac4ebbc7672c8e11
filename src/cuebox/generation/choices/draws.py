"""Random numbers by counter: what a draw gives depends on its own numbers only, never on the batch.

The mixing is splitmix64's finaliser (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
number generators"), applied once per counter.
"""

from __future__ import annotations

__all__ = ["uniform"]

_MASK = (1 << 64) - 1
_STRIDE = 0x9E3779B97F4A7C15
_SCALE = 2.0**-53


def uniform(seed: int, *counters: int) -> float:
    """A number in [0, 1) that equal arguments always give again; independent for others."""
    state = seed & _MASK
    for counter in (0, *counters):
        state = (state + _STRIDE * (counter + 1)) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return (state >> 11) * _SCALE
