"""Which of many answers a message is an instance of."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cuebox.kinds.reply.slots.masking import fill_known
from cuebox.kinds.reply.slots.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.kinds.reply.slots.known_values import KnownValues
    from cuebox.kinds.reply.slots.templates import Piece

__all__ = ["TemplateIndex", "fold"]


def fold(text: str) -> str:
    """The text with its white space folded: what is compared when two messages are the same."""
    return " ".join(text.split())


class TemplateIndex:
    """Finds the templates that give a message; thousands of them cost little."""

    def __init__(self, templates: Sequence[str]) -> None:
        self._templates = templates
        self._plain: dict[str, list[int]] = defaultdict(list)
        self._slotted: list[tuple[str, str, int]] = []
        for number, template in enumerate(templates):
            pieces = parse_template(template)
            if any(piece.is_slot for piece in pieces):
                self._slotted.append((_literal(pieces[0]), _literal(pieces[-1]), number))
            else:
                self._plain[fold("".join(piece.text for piece in pieces))].append(number)

    def find(self, text: str, known: KnownValues) -> list[int]:
        """Positions of the templates that, filled with what is known, are `text`; in order."""
        text = fold(text)
        found = list(self._plain.get(text, ()))
        for first, last, number in self._slotted:
            if text.startswith(first) and text.endswith(last):
                filled = fold(fill_known(self._templates[number], known).text)
                if filled == text:
                    found.append(number)
        return sorted(found)


def _literal(piece: Piece) -> str:
    return "" if piece.is_slot else fold(piece.text)
