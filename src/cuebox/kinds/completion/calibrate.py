"""How sure a language model is, and how often it is right then, on held-out text."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.core.generation import Completed, GenerateRequest, StopAt
from cuebox.kinds.completion.body import ConfidencePoint
from cuebox.kinds.completion.turns import place_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import Generator
    from cuebox.kinds.completion.places import Place
    from cuebox.training.progress import Step

__all__ = ["MEASURED", "calibrate"]

# Where the suggestions end whose scores are measured, and their most tokens.
MEASURED: dict[StopAt, int] = {"word": 8, "clause": 16, "sentence": 32, "gain": 16}
_COVERAGES = [step / 20 for step in range(1, 21)]
# Of the text before a place: what fits a window of a few hundred tokens.
_MOST_BEFORE = 1500
_AT_ONCE = 8
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Suggestion:
    score: float
    right: bool


def calibrate(
    generator: Generator, places: Sequence[Place], *, step: Step | None = None
) -> list[ConfidencePoint]:
    """Ask for suggestions at every place, and hold them against what was written there.

    A suggestion is right when the writer went on with exactly these words.

    Args:
        generator: the model as it is served.
        step: told how many more suggestions are made, `len(MEASURED)` at each place.

    Returns:
        For each of `MEASURED` what coverages of 5 to 100 % mean; empty when there are no places.

    Raises:
        ModelError: the model suggests nothing anywhere.
    """
    if not places:
        return []
    points = []
    for stop_at in MEASURED:
        suggestions = asyncio.run(_suggest(generator, places, stop_at, step))
        shown = sorted((one for one in suggestions if one), key=lambda one: -one.score)
        if not shown:
            raise ModelError(f"the model suggested nothing at {len(places)} places")
        points += [_point(shown, coverage, len(places), stop_at) for coverage in _COVERAGES]
    return points


def _point(
    shown: Sequence[_Suggestion], coverage: float, places: int, stop_at: StopAt
) -> ConfidencePoint:
    """What showing the best of `shown`, best first, at a share of the places means."""
    surest = shown[: max(1, round(coverage * places))]
    return ConfidencePoint(
        coverage=coverage,
        min_score=math.floor(surest[-1].score * 1e4) / 1e4,
        precision=round(sum(one.right for one in surest) / len(surest), 4),
        stop_at=stop_at,
    )


async def _suggest(
    generator: Generator, places: Sequence[Place], stop_at: StopAt, step: Step | None
) -> list[_Suggestion | None]:
    """A few at a time, as a server would be asked."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def ask(place: Place) -> _Suggestion | None:
        async with room:
            suggestion = await _ask(generator, place, stop_at)
        if step is not None:
            step(1)
        return suggestion

    # Not a TaskGroup: a model's own error is told as it is, not wrapped in a group.
    return await asyncio.gather(*(ask(place) for place in places))


async def _ask(generator: Generator, place: Place, stop_at: StopAt) -> _Suggestion | None:
    """None where the model has nothing to say."""
    request = GenerateRequest(
        prompt=place_text(place)[-_MOST_BEFORE:],
        max_tokens=MEASURED[stop_at],
        temperature=0,
        stop_at=stop_at,
    )
    async with aclosing(generator.stream(request)) as answers:
        async for answer in answers:
            if isinstance(answer, Completed) and answer.choices:
                best = answer.choices[0]
                if best.text.strip():
                    return _Suggestion(best.score, _is_right(best.text, place.after))
    return None


def _is_right(suggested: str, written: str) -> bool:
    """Whether the text goes on with what was suggested, whole words, line breaks being spaces."""
    suggested, written = (_SPACES.sub(" ", text) for text in (suggested, written))
    suggested = suggested.rstrip()
    if not written.startswith(suggested):
        return False
    return not (suggested[-1:].isalnum() and written[len(suggested) :][:1].isalnum())
