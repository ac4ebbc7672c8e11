"""Documents as the one text that a served model is given: turns between their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.kinds.completion.vocabulary import AGENT, END_OF_TURN, USER

if TYPE_CHECKING:
    from cuebox.kinds.completion.corpus import Document, Turn
    from cuebox.kinds.completion.places import Place

__all__ = ["document_text", "place_text"]

_MARKS = {"user": USER, "agent": AGENT}


def document_text(document: Document) -> str:
    """The whole document; what begins a document is left to the model."""
    return "".join(map(_whole, document.turns))


def place_text(place: Place) -> str:
    """What was there when somebody stopped typing."""
    turns = "".join(map(_whole, place.turns))
    return f"{turns}{_MARKS.get(place.turn.role, '')}{place.before}{place.typed}"


def _whole(turn: Turn) -> str:
    if turn.role == "text":
        return turn.text
    return f"{_MARKS[turn.role]}{turn.text}{END_OF_TURN}"
