"""HTML that is escaped by construction: text becomes markup only through `element`."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "Markup", "breakable", "element", "join"]

_VOID = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """A string that is HTML already; every other string is text and gets escaped."""

    __slots__ = ()


Child = Markup | str | int | None


def element(tag: str, /, *children: Child, **attributes: str | int | None) -> Markup:
    """An HTML element; children that are not `Markup` are escaped, None is left out.

    Attribute names take a trailing underscore off and `_` for `-`: `class_="card"`,
    `aria_label="..."`. An attribute that is None is left out.
    """
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    opening = f"<{tag}{''.join(parts)}>"
    return Markup(opening if tag in _VOID else f"{opening}{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Children side by side."""
    return Markup("".join(_escaped(child) for child in children if child is not None))


def breakable(text: str) -> Markup:
    """Text such as `card_not_working` that may be broken after its separators."""
    parts = re.split(r"(?<=[_/.:|-])(?=\w)", text)
    return Markup("<wbr>".join(map(_escaped, parts)))


def _escaped(child: Markup | str | int) -> str:
    return child if isinstance(child, Markup) else html.escape(str(child), quote=True)
