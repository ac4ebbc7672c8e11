"""Places in held-out documents where somebody might want a suggestion."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.kinds.completion.corpus import Document, Turn

__all__ = ["Place", "choose_places"]

_WORD = re.compile(r"\S+")
# Characters before a place that are given to a model, which then takes what its window holds.
_BEFORE = 8_000
_AFTER = 400


@dataclass(frozen=True, slots=True)
class Place:
    """Where typing stopped.

    Attributes:
        at: `word` right after a space, before a new word, or `inside` a word.
        turns: those before, whole.
        turn: the one being typed, its role.
        before: its text up to the unfinished word.
        typed: the space before that word and what is there of it.
        after: how it really went on.
    """

    at: Literal["word", "inside"]
    turns: tuple[Turn, ...]
    turn: Turn
    before: str
    typed: str
    after: str


def choose_places(documents: Iterable[Document], count: int, *, seed: int) -> list[Place]:
    """`count` places in text that counts, half of them inside words, each word as likely.

    The same documents and seed give the same places.
    """
    spots: list[tuple[Document, int, re.Match[str]]] = [
        (document, number, match)
        for document in documents
        for number, turn in enumerate(document.turns)
        if turn.role != "user"
        for match in _WORD.finditer(turn.text)
    ]
    draw = random.Random(seed)  # noqa: S311 - a sample
    draw.shuffle(spots)
    places: list[Place] = []
    for document, number, word in spots:
        if len(places) == count:
            break
        turn = document.turns[number]
        inside = len(places) % 2 == 1
        if inside and len(word[0]) < 3:
            continue
        cut = word.start() + (draw.randint(1, len(word[0]) - 1) if inside else 0)
        place = _place(document.turns[:number], turn, word.start(), cut, inside=inside)
        if place is not None:
            places.append(place)
    return places


def _place(turns: Sequence[Turn], turn: Turn, word: int, cut: int, *, inside: bool) -> Place | None:
    """None where a new word begins but no space was typed: at the beginning of a text."""
    space = 1 if word and turn.text[word - 1] == " " else 0
    if not space and not inside:
        return None
    return Place(
        at="inside" if inside else "word",
        turns=tuple(turns),
        turn=turn,
        before=turn.text[max(0, word - _BEFORE) : word - space],
        typed=turn.text[word - space : cut],
        after=turn.text[cut : cut + _AFTER],
    )
