"""One self-contained HTML page: inline style, inline pictures, a script only for tables.

A content security policy forbids everything else, so that a hostile text in the data could do
nothing even if it were not escaped.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cuebox.reports.charts import MISSING, charts_available, render_svg
from cuebox.reports.markup import Child, Markup, element, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Cell", "Column", "Section", "picture", "render_page", "table"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with its own heading and a place in the navigation.

    Attributes:
        anchor: id of the section, unique on the page.
        short: its name in the navigation.
    """

    anchor: str
    title: str
    short: str
    body: Sequence[Child]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; numbers stand on the right and sort as numbers."""

    title: str
    number: bool = False
    kind: str = ""

    def classes(self) -> str | None:
        """For the `class` attribute of the heading and the cells."""
        return " ".join(filter(None, ("number" if self.number else "", self.kind))) or None


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell.

    Attributes:
        value: what a numeric column sorts by; None sorts below every number.
        share: in [0, 1], draws a bar behind the text.
    """

    content: Child
    value: float | None = None
    share: float | None = None
    kind: str = field(default="", kw_only=True)


def render_page(title: str, top: Markup, sections: Iterable[Section], *, foot: str = "") -> str:
    """The whole document.

    Args:
        title: of the browser's tab.
        top: what stands above the navigation, the `<h1>` included.
        sections: in reading order.
        foot: a last line.
    """
    parts = list(sections)
    style = Markup(_asset("page.css"))
    script = Markup(_asset("page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    links = (element("li", element("a", part.short, href=f"#{part.anchor}")) for part in parts)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", style),
    )
    body = element(
        "body",
        element("header", element("div", top)),
        element("nav", element("ol", *links), aria_label="Sections"),
        element("main", *map(_section, parts)),
        element("footer", foot) if foot else None,
        element("script", script),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def picture(chart: Any, *, title: str, caption: Child, wide: bool = False) -> Markup:  # noqa: ANN401
    """A figure with an altair chart, or with a line that says what to install.

    `chart` is a function without arguments that returns the chart, called only when it can be
    drawn. A `wide` picture keeps its size and scrolls on a narrow screen.
    """
    if not charts_available():
        return element("p", f"No picture of “{title}”: {MISSING}.", class_="note")
    drawn = Markup(render_svg(chart(), title=title))
    return element(
        "figure",
        element("div", drawn, class_="scroll"),
        element("figcaption", caption),
        class_="wide" if wide else None,
    )


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    caption: Child,
    anchor: str | None = None,
    tall: bool = False,
) -> Markup:
    """A table whose first column names its rows.

    With an `anchor`, its id on the page, the columns can be sorted. A `tall` one scrolls.
    """
    heads = [
        element("th", column.title, scope="col", class_=column.classes()) for column in columns
    ]
    lines = [
        element("tr", *(_cell(cell, columns[place], place) for place, cell in enumerate(row)))
        for row in rows
    ]
    drawn = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *lines),
        id=anchor,
        class_="sortable" if anchor else None,
    )
    # A scrolling region must be reachable from the keyboard.
    return element("div", drawn, class_="scroll tall" if tall else "scroll", tabindex=0)


def _cell(cell: Cell, column: Column, place: int) -> Markup:
    classes = [column.classes(), cell.kind, None if cell.share is None else "bar"]
    return element(
        "td" if place else "th",
        cell.content,
        scope=None if place else "row",
        class_=" ".join(filter(None, classes)) or None,
        data_value=None if cell.value is None else f"{cell.value:.6g}",
        style=None if cell.share is None else f"--share:{100 * cell.share:.1f}%",
    )


def _section(part: Section) -> Markup:
    return element("section", element("h2", part.title), join(part.body), id=part.anchor)


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
