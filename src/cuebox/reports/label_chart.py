"""How F1 spreads over the labels: bars for a few, a scatter or a histogram for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.reports.charts import ACCENT, WARN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.scores import LabelScores

__all__ = ["label_caption", "label_chart"]

WIDTH = 420
HEIGHT = 260
FEW = 20

Chart = Any  # an altair chart


def label_chart(table: Sequence[LabelScores]) -> Chart:
    """F1 of each label, in the form that suits how many there are and how unequal they are.

    Up to 20 labels by name; more as a scatter over their support or, where supports are alike
    and would say nothing, as a histogram. At least one label must have an F1.
    """
    seen = _seen(table)
    if len(seen) <= FEW:
        return _bars(seen)
    return _histogram(seen) if _alike(seen) else _scatter(seen)


def label_caption(table: Sequence[LabelScores]) -> str:
    """What `label_chart` shows for this table."""
    seen = _seen(table)
    if len(seen) <= FEW:
        return "F1 of each label, weakest first."
    if _alike(seen):
        return "How many labels reach which F1."
    return "Each point is a label: its F1 by its number of rows. Some of the weakest are named."


def _seen(table: Sequence[LabelScores]) -> list[tuple[str, int, float]]:
    """Label, support (at least 1) and F1, by rising F1; labels without an F1 left out."""
    seen = [(row.label, max(row.support, 1), row.f1) for row in table if row.f1 is not None]
    return sorted(seen, key=lambda row: row[2])


def _alike(seen: list[tuple[str, int, float]]) -> bool:
    supports = [support for _, support, _ in seen]
    return max(supports) < 2 * min(supports)


def _bars(seen: list[tuple[str, int, float]]) -> Chart:
    import altair as alt

    values = [{"label": label, "f1": f1} for label, _, f1 in seen]
    base = alt.Chart(alt.Data(values=values), width=WIDTH - 120, height=24 * len(seen)).encode(
        x=alt.X("f1:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="F1", format="~%")),
        y=alt.Y(
            "label:N",
            scale=alt.Scale(domain=[label for label, _, _ in seen], padding=0.25),
            axis=alt.Axis(title=None, domain=False, labelLimit=170),
        ),
    )
    names = base.mark_text(align="left", dx=5, fontSize=11)
    return alt.layer(
        base.mark_bar(opacity=0.8, cornerRadiusEnd=3),
        names.encode(text=alt.Text("f1:Q", format=".1%")),
    )


def _histogram(seen: list[tuple[str, int, float]]) -> Chart:
    import altair as alt

    step = 0.05
    counts = [0] * 20
    for _, _, f1 in seen:
        counts[min(int(f1 / step + 1e-9), 19)] += 1
    lowest = next(index for index, count in enumerate(counts) if count)
    values = [
        {"low": index * step + 0.003, "high": (index + 1) * step - 0.003, "labels": count}
        for index, count in enumerate(counts)
    ]
    edges = [index / 20 for index in range(lowest, 21)]
    base = alt.Chart(alt.Data(values=values[lowest:]), width=WIDTH, height=HEIGHT)
    return base.mark_bar(opacity=0.8, cornerRadiusEnd=3).encode(
        x=alt.X(
            "low:Q",
            scale=alt.Scale(domain=[lowest * step, 1], nice=False),
            axis=alt.Axis(title="F1 of the class", format="~%", grid=False, values=edges),
        ),
        x2="high:Q",
        y=alt.Y("labels:Q", axis=alt.Axis(title="classes", tickMinStep=1, format="d")),
        y2=alt.datum(0),
    )


def _scatter(seen: list[tuple[str, int, float]]) -> Chart:
    import altair as alt

    supports = [support for _, support, _ in seen]
    middle = (max(supports) * min(supports)) ** 0.5
    named = _apart([f1 for _, _, f1 in seen])
    values = [
        {"support": support, "f1": f1, "label": label, "low": rank in named}
        for rank, (label, support, f1) in enumerate(seen)
    ]
    base = alt.Chart(alt.Data(values=values), width=WIDTH, height=HEIGHT).encode(
        x=alt.X(
            "support:Q",
            scale=alt.Scale(type="log", nice=False, padding=16),
            axis=alt.Axis(title="rows of the class", format="~s", tickCount=5, grid=False),
        ),
        y=alt.Y("f1:Q", axis=alt.Axis(title="F1", format="~%", tickCount=6)),
    )
    lowest = base.transform_filter("datum.low").encode(text="label:N")
    left = lowest.transform_filter(f"datum.support <= {middle}")
    right = lowest.transform_filter(f"datum.support > {middle}")
    text = {"fontSize": 11, "limit": 190}
    return alt.layer(
        base.mark_point(opacity=0.65).encode(
            color=alt.condition("datum.low", alt.value(WARN), alt.value(ACCENT))
        ),
        left.mark_text(align="left", dx=8, **text),
        right.mark_text(align="right", dx=-8, **text),
    )


def _apart(rising: list[float], *, most: int = 6) -> set[int]:
    """Positions of the lowest values far enough apart for their names not to overlap."""
    gap = 0.05 * max(rising[-1] - rising[0], 0.01)
    named: list[int] = []
    for rank, value in enumerate(rising[: len(rising) // 2]):
        if len(named) < most and (not named or value - rising[named[-1]] >= gap):
            named.append(rank)
    return set(named)
