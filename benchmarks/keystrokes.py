"""When a person presses the keys of a text.

Intervals between keys are log-normal, as studies of typing find them. Within a word their median is
190 ms; the first letter of a word takes 1.4 times as long, and after the end of a sentence or
clause people stop to think. The mean over the text comes to about 240 ms, 50 words a minute, as in
"Observations on Typing from 136 Million Keystrokes" (Dhakal et al., CHI 2018: 239 ms, 52 words).
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["keystrokes"]

_MEDIAN_SECONDS = 0.19
_SPREAD = 0.45
_WORD = 1.4
_CLAUSE = 2.0
_SENTENCE = 4.0


def keystrokes(text: str, seed: int) -> Iterator[tuple[float, int]]:
    """Seconds from the first key, and how many characters of the text are there then."""
    rng = random.Random(seed)
    now = 0.0
    for typed in range(1, len(text) + 1):
        yield now, typed
        now += _interval(rng, text[max(0, typed - 2) : typed])


def _interval(rng: random.Random, before: str) -> float:
    """Seconds until the next key, after these two characters."""
    factor = 1.0
    if before[-1:] == " ":
        factor = _SENTENCE if before[0] in ".!?" else _CLAUSE if before[0] in ",;:" else _WORD
    return factor * rng.lognormvariate(math.log(_MEDIAN_SECONDS), _SPREAD)
