"""Personal data in what would be offered to everybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cuebox.kinds.reply.slots.templates import parse_template
from cuebox.kinds.reply.slots.value_patterns import find_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["personal_data"]

_PERSONAL = frozenset({"address", "card", "email", "order_id", "phone"})
# A word inside a sentence: those that begin one have a capital anyway.
_INSIDE = re.compile(r"(?<=[\w,] )[^\W\d_]+")


def personal_data(template: str, said: Iterable[str], names: Collection[str]) -> tuple[str, ...]:
    """Kinds of personal data to look at, sorted.

    `person` and the like are in the template itself, so that they would be offered to everybody;
    `said: email` and the like are only in the messages shown beside it.

    Args:
        template: the answer.
        said: messages of the past that are shown with it.
        names: of people, as they introduced themselves.
    """
    literal = " ".join(piece.text for piece in parse_template(template) if not piece.is_slot)
    inside = _kinds(literal, names)
    shown = {kind for text in said for kind in _kinds(text, names)} - inside
    return (*sorted(inside), *(f"said: {kind}" for kind in sorted(shown)))


def _kinds(text: str, names: Collection[str]) -> set[str]:
    found = {value.kind for value in find_values(text)} & _PERSONAL
    if any(word in names for word in _INSIDE.findall(text)):
        found.add("person")
    return found
