"""ExactMatch@N: how often a suggestion of N words is exactly what was typed next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.kinds.completion.suggestions import first_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.kinds.completion.places import Place

__all__ = ["ExactMatch", "measure_exact_match"]


class ExactMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The share of places at which N words were right, punctuation and all.

    Attributes:
        words: N.
        at: `word`, `inside` or `all` places.
        places: at which at least N more words were typed.
        first: share where the first suggestion was right.
        any: share where one of the suggestions was.
    """

    words: int
    at: str
    places: int
    first: float
    any: float


def measure_exact_match(
    suggest: Callable[[Place], Sequence[str]],
    places: Sequence[Place],
    *,
    words: int,
    step: Callable[[int], object] = lambda _: None,
) -> list[ExactMatch]:
    """Ask for suggestions at every place and compare.

    Args:
        suggest: the model; best suggestion first. One with fewer words than N is wrong at N.
        places: where to ask.
        words: the largest N.
        step: told after every place.
    """
    asked: list[tuple[Place, Sequence[str]]] = []
    for place in places:
        asked.append((place, suggest(place)))
        step(1)
    return [
        _share(asked, number, at)
        for at in ("all", "word", "inside")
        for number in range(1, words + 1)
    ]


def _share(asked: Sequence[tuple[Place, Sequence[str]]], words: int, at: str) -> ExactMatch:
    total, first, some = 0, 0, 0
    for place, suggestions in asked:
        wanted = first_words(place.after, words)
        if wanted is None or at not in {"all", place.at}:
            continue
        hits = [first_words(one, words) == wanted for one in suggestions]
        total += 1
        first += bool(hits and hits[0])
        some += any(hits)
    return ExactMatch(
        words=words,
        at=at,
        places=total,
        first=first / total if total else 0.0,
        any=some / total if total else 0.0,
    )
