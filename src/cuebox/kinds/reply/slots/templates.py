"""The grammar of answers with variable parts: `Your order {order_id} is on its way`.

A slot is a lower-case name in braces. A literal brace is written twice, as `{{`; one that is
neither doubled nor part of a slot stands for itself, so nothing a person types is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Piece", "Template", "escape", "parse_template", "slot_names"]

_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[^{}]+|[{}]")
_DOUBLED = {"{{": "{", "}}": "}"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: literal text, or the name of a slot."""

    text: str
    is_slot: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A message with its variable parts taken out.

    Attributes:
        text: the template.
        values: what stood in its slots, in order of place.
    """

    text: str
    values: tuple[str, ...] = ()

    def restore(self) -> str:
        """The message that was masked, exactly."""
        values = iter(self.values)
        return "".join(
            next(values) if piece.is_slot else piece.text for piece in parse_template(self.text)
        )


def escape(text: str) -> str:
    """Text as a template without slots."""
    return text.replace("{", "{{").replace("}", "}}")


@lru_cache(maxsize=65_536)
def parse_template(template: str) -> tuple[Piece, ...]:
    """The parts of a template in order, neighbouring literals joined."""
    pieces: list[Piece] = []
    literal = ""
    for token in _TOKEN.finditer(template):
        name = token.group(1)
        if name is None:
            literal += _DOUBLED.get(token.group(), token.group())
            continue
        if literal:
            pieces.append(Piece(literal, is_slot=False))
            literal = ""
        pieces.append(Piece(name, is_slot=True))
    if literal:
        pieces.append(Piece(literal, is_slot=False))
    return tuple(pieces)


def slot_names(template: str) -> tuple[str, ...]:
    """The slots of a template in order of place, repetitions included."""
    return tuple(piece.text for piece in parse_template(template) if piece.is_slot)
