"""The pictures of an answer list: the map of answers, drawn as SVG, and the coverage curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cuebox.reports.charts import ACCENT, MUTED, WARN
from cuebox.reports.markup import Markup, element, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.answer_list_report import CoveragePoint, ListedAnswer

__all__ = ["TOPIC_COLOURS", "answer_map", "coverage_chart", "topic_colour"]

# Of like lightness, so that they can be told apart on white and on black.
TOPIC_COLOURS = [
    "#2f7fb8", "#d9702a", "#3f9b57", "#c24a56", "#8a68c0", "#96703c",
    "#d667a8", "#6f8a2c", "#1f9e9a", "#b08a12", "#5c79d6", "#7d7d86",
]  # fmt: skip

_WIDTH, _HEIGHT, _MARGIN = 940, 620, 40
_LARGEST = 30.0

Chart = Any  # an altair chart


def answer_map(answers: Sequence[ListedAnswer]) -> Markup:
    """Each answer as a dot, large if it is frequent, near to those of like meaning.

    A dot's text appears when the pointer rests on it. Topics have a colour and a number.
    """
    most = max(answer.share for answer in answers)
    # Large dots first, so that small ones lie on top and can be pointed at.
    ordered = sorted(answers, key=lambda answer: -answer.share)
    dots = [_dot(answer, most) for answer in ordered]
    return element(
        "svg",
        *dots,
        _numbers(answers),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label="Map of answers: those of like meaning stand together",
    )


def coverage_chart(points: Sequence[CoveragePoint]) -> Chart:
    """Share of agents' turns over the number of answers."""
    import altair as alt

    lines = {
        "said in like words": (ACCENT, [(one.answers, one.alike) for one in points]),
        "said word for word": (MUTED, [(one.answers, one.exact) for one in points]),
        "word for word, new conversations": (
            WARN,
            [(one.answers, one.held_out) for one in points if one.held_out is not None],
        ),
    }
    shown = {name: line for name, line in lines.items() if line[1]}
    values = [
        {"line": name, "answers": answers, "share": share}
        for name, (_, line) in shown.items()
        for answers, share in line
    ]
    colours = [colour for colour, _ in shown.values()]
    return (
        alt.Chart(alt.Data(values=values), width=620, height=300)
        .mark_line()
        .encode(
            x=alt.X(
                "answers:Q", axis=alt.Axis(title="answers, the most frequent first", tickCount=8)
            ),
            y=alt.Y(
                "share:Q",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(title="of agents' messages", format="~%", tickCount=5),
            ),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(domain=list(shown), range=colours),
                legend=alt.Legend(title=None, orient="top", labelLimit=320),
            ),
        )
    )


def _dot(answer: ListedAnswer, most: float) -> Markup:
    label = f"{answer.text}\n{answer.count:,} times, {answer.share:.1%}"
    return element(
        "circle",
        element("title", label),
        cx=f"{_across(answer.x):.1f}",
        cy=f"{_down(answer.y):.1f}",
        r=f"{max(3.0, _LARGEST * math.sqrt(answer.share / most)):.1f}",
        fill=topic_colour(answer.topic),
        fill_opacity="0.55",
        stroke=topic_colour(answer.topic),
    )


def _numbers(answers: Sequence[ListedAnswer]) -> Markup:
    """Each topic's number, on its most frequent answer."""
    first: dict[int, ListedAnswer] = {}
    for answer in answers:
        if answer.topic not in first or answer.count > first[answer.topic].count:
            first[answer.topic] = answer
    return join(
        element(
            "text",
            str(topic + 1),
            x=f"{_across(answer.x):.1f}",
            y=f"{_down(answer.y) + 5:.1f}",
            text_anchor="middle",
            font_size=15,
            font_weight=700,
            fill="#1d2330",
            pointer_events="none",
        )
        for topic, answer in first.items()
    )


def topic_colour(topic: int) -> str:
    """The colour of a topic."""
    return TOPIC_COLOURS[topic % len(TOPIC_COLOURS)]


def _across(x: float) -> float:
    return _MARGIN + (x + 1) / 2 * (_WIDTH - 2 * _MARGIN)


def _down(y: float) -> float:
    return _MARGIN + (1 - y) / 2 * (_HEIGHT - 2 * _MARGIN)
