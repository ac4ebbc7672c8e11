"""The tables of a report on typed text saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.reports.markup import Markup, breakable, element
from cuebox.reports.metric_names import NONE, percent
from cuebox.reports.page import Cell, Column, table
from cuebox.reports.typing_words import interval_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.typing_report import TypingReport
    from cuebox.reports.typing_scores import SuggesterScores, TypingScores

__all__ = ["MOST_BARS", "SHARES", "compared_table", "curve_table", "group_table"]

# More rows than this are a table that scrolls, not a picture.
MOST_BARS = 8
# Figures that are written as a percentage.
SHARES = ("saved", "acceptance", "shown", "helped", "exact_first")
_COMPARED = (
    ("acceptance", "taken"),
    ("wrong_shown", "in vain"),
    ("wrong_per_message", "a message"),
)


def compared_table(report: TypingReport) -> Markup:
    """The model, its parts and the baselines, one row each."""
    rows = [report.model, *report.parts, *report.baselines]
    kinds = [group.name for group in report.model.at[-1].groups.get("turn_kind", [])]
    most = report.model.at[-1].replies
    columns = [
        Column("what is shown"),
        Column("saved at 1", number=True),
        Column(f"at {most}", number=True),
        *(Column(kind, number=True) for kind in kinds),
        *(Column(title, number=True) for _, title in _COMPARED),
        Column("at once", number=True),
    ]
    lines = [_compared_row(one, kinds, chosen=one is report.model) for one in rows]
    caption = (
        f"Typed text saved with 1 and with up to {most} replies, by kind of message; shows with "
        "something taken; shows in vain, per 100 keys and a message; at once: messages whose exact "
        "text is among the replies before the first key."
    )
    return table(columns, lines, caption=caption, anchor="compared")


def _compared_row(one: SuggesterScores, kinds: Sequence[str], *, chosen: bool) -> list[Cell]:
    at, first = one.at[-1], one.at[0]
    by_kind = {group.name: group for group in at.groups.get("turn_kind", [])}
    return [
        Cell(element("span", one.name, class_="label" if chosen else None)),
        _figure(first.overall, "saved"),
        _figure(at.overall, "saved", bar=True),
        *(_figure(by_kind.get(kind), "saved") for kind in kinds),
        *(_figure(at.overall, figure) for figure, _ in _COMPARED),
        _figure(at.overall, "exact_first"),
    ]


def _figure(scores: TypingScores | None, name: str, *, bar: bool = False) -> Cell:
    if scores is None:
        return Cell(NONE)
    value = scores.figures[name].value
    text = percent(value) if name in SHARES else f"{value:.1f}"
    return Cell(text, value, max(value, 0) if bar else None)


def curve_table(one: SuggesterScores) -> Markup:
    """Every point of a trade-off curve, folded away."""
    columns = [
        Column("something to show at"),
        Column("typed text saved", number=True),
        Column("in vain per 100 keys", number=True),
        Column("in vain a message", number=True),
        Column("taken when shown", number=True),
        Column("least score, reply", number=True),
        Column("least score, completion", number=True),
    ]
    rows = [
        [
            Cell(f"{percent(point.coverage, 0)} of drafts"),
            Cell(percent(point.saved), point.saved, max(point.saved, 0)),
            Cell(f"{point.wrong_shown:.1f}", point.wrong_shown),
            Cell(f"{point.wrong_per_message:.2f}", point.wrong_per_message),
            Cell(percent(point.acceptance), point.acceptance),
            Cell(NONE if point.min_reply is None else f"{point.min_reply:.3f}", point.min_reply),
            Cell(
                NONE if point.min_completion is None else f"{point.min_completion:.2f}",
                point.min_completion,
            ),
        ]
        for point in one.curve
    ]
    drawn = table(columns, rows, caption=f"{one.name}, as the thresholds move", anchor="curve")
    return element("details", element("summary", "All points"), drawn)


def group_table(grouping: str, groups: Sequence[TypingScores], title: str) -> Markup:
    """A row for each group of messages."""
    columns = [
        Column(title),
        Column("messages", number=True),
        Column("saved", number=True),
        Column("95% interval", number=True),
        Column("helped", number=True),
        *(Column(heading, number=True) for _, heading in _COMPARED),
    ]
    rows = [
        [
            Cell(breakable(group.name)),
            Cell(f"{group.messages:,}", group.messages),
            _figure(group, "saved", bar=True),
            Cell(interval_words(group.figures["saved"], group, share=True) or NONE),
            _figure(group, "helped"),
            *(_figure(group, figure) for figure, _ in _COMPARED),
        ]
        for group in groups
    ]
    tall = len(groups) > 2 * MOST_BARS
    caption = (
        "Helped: messages for which something was taken. Taken: shows with something taken. "
        "In vain: shows with nothing right, per 100 keys and a message."
    )
    return table(columns, rows, caption=caption, anchor=f"{grouping}-table", tall=tall)
