"""How many prompt tokens a step reads, so that it stays short; learnt from the steps themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Pace", "share_out"]

# Fewer tokens than this cost almost as much as these: the weights are read once either way.
_FEWEST = 32
_MOST = 2_048
# What is read while nothing is known yet.
_FIRST = 64
# Part of the past that each new step leaves standing in the two sums.
_KEEP = 0.9


class Pace:
    """The model's speed: seconds of a step without prompts, and seconds per prompt token."""

    def __init__(self, step_seconds: float) -> None:
        self._target = step_seconds
        self._decode_seconds = 0.0
        self._seconds = 0.0
        self._tokens = 0.0

    @property
    def prompt_tokens(self) -> int:
        """Prompt tokens for the next step."""
        if not self._tokens:
            return _FIRST
        left = max(self._target - self._decode_seconds, 0.0)
        per_token = self._seconds / self._tokens
        return int(min(max(left / max(per_token, 1e-9), _FEWEST), _MOST))

    def learn(self, seconds: float, prompt_tokens: int) -> None:
        """A step took so long and read so many prompt tokens."""
        if not prompt_tokens:
            self._decode_seconds += (1 - _KEEP) * (seconds - self._decode_seconds)
        elif prompt_tokens >= _FEWEST // 2:
            own = max(seconds - self._decode_seconds, 0.1 * seconds)
            self._seconds = _KEEP * self._seconds + own
            self._tokens = _KEEP * self._tokens + prompt_tokens


def share_out(remaining: Sequence[int], budget: int) -> list[int]:
    """Split a step's prompt tokens over the prompts: equal parts, what short ones leave to others.

    Every prompt gets at least one token, so that all make progress.
    """
    parts = [0] * len(remaining)
    order = sorted(range(len(remaining)), key=remaining.__getitem__)
    for place, index in enumerate(order):
        fair = max(budget // (len(order) - place), 1)
        parts[index] = min(remaining[index], fair)
        budget -= parts[index]
    return parts
