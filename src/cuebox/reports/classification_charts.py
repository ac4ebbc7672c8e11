"""The pictures of a classifier's report; each returns an altair chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.reports.charts import ACCENT, INK, MUTED, WARN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.reports.classification_report import LearningCurve
    from cuebox.reports.scores import (
        Calibration,
        CoveragePoint,
        OutOfScopeScores,
        ThresholdPoint,
    )

__all__ = [
    "coverage_chart",
    "learning_curve_chart",
    "out_of_scope_chart",
    "reliability_chart",
    "threshold_chart",
]

WIDTH = 420
HEIGHT = 260
FEW = 10  # a bin of a reliability diagram with fewer rows is drawn pale

Chart = Any  # an altair chart


def _data(values: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - altair is untyped here
    import altair as alt

    return alt.Data(values=values)


def learning_curve_chart(curve: LearningCurve, *, metric: str) -> Chart:
    """The metric over the number of training rows, with intervals and the training score."""
    import altair as alt

    points = sorted(curve.points, key=lambda point: point.rows)
    named = _apart([point.rows for point in points])
    values = [msgspec.structs.asdict(point) | {"named": point.rows in named} for point in points]
    reach = [figure for p in points for figure in (p.value, p.low, p.train)]
    low = min(figure for figure in reach if figure is not None)
    base = alt.Chart(_data(values), width=WIDTH, height=HEIGHT).encode(
        x=alt.X(
            "rows:Q",
            scale=alt.Scale(type="log", nice=False, padding=26),
            axis=alt.Axis(
                title="training rows", values=[p.rows for p in points], format=",", grid=False,
                labelOverlap="greedy",
            ),
        )
    )  # fmt: skip
    scale = alt.Scale(domain=[max(0.0, low - 0.05), 1.0], nice=True, zero=False)
    y = alt.Y("value:Q", scale=scale, axis=alt.Axis(title=metric, format="~%", tickCount=6))
    seen = base.transform_filter("datum.train != null")
    measured = base.transform_filter("datum.low != null")
    return alt.layer(
        seen.mark_line(color=MUTED, strokeDash=[4, 4], strokeWidth=1.5).encode(
            y=alt.Y("train:Q", scale=scale)
        ),
        measured.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        base.mark_line().encode(y=y),
        base.mark_point(opacity=1).encode(y=y),
        base.transform_filter("datum.named")
        .mark_text(dy=16, dx=6, fontSize=11)
        .encode(y=y, text=alt.Text("value:Q", format=".1%")),
    )


def _apart(rows: list[int]) -> set[int]:
    """Of rising row counts, those whose figures fit side by side, counted from the last."""
    named: list[int] = []
    for count in reversed(rows):
        if not named or count * 1.5 <= named[-1]:
            named.append(count)
    return set(named)


def reliability_chart(calibration: Calibration) -> Chart:
    """Accuracy against confidence, over a histogram of the confidences."""
    import altair as alt

    total = sum(part.count for part in calibration.bins)
    values = [
        {
            "low": part.low + 0.006,
            "high": part.high - 0.006,
            "confidence": part.confidence,
            "accuracy": part.accuracy,
            "share": part.count / total,
            "few": part.count < FEW,
        }
        for part in calibration.bins
    ]
    unit = alt.Scale(domain=[0, 1])
    diagonal = (
        alt.Chart(_data([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
        .mark_line(color=INK, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(x="x:Q", y="y:Q")
    )
    hidden = alt.X("low:Q", scale=unit, axis=alt.Axis(title=None, labels=False, format="~%"))
    bars = (
        alt.Chart(_data(values), width=WIDTH, height=HEIGHT - 30)
        .mark_bar()
        .encode(
            opacity=alt.condition("datum.few", alt.value(0.2), alt.value(0.6)),
            x=hidden,
            x2="high:Q",
            y=alt.Y("accuracy:Q", scale=unit, axis=alt.Axis(title="was right", format="~%")),
            y2=alt.datum(0),
        )
    )
    gaps = (
        alt.Chart(_data(values))
        .mark_point(shape="diamond", color=WARN, size=45, opacity=1)
        .encode(x="confidence:Q", y="accuracy:Q")
    )
    histogram = (
        alt.Chart(_data(values), width=WIDTH, height=54)
        .mark_bar(color=MUTED, opacity=0.6)
        .encode(
            x=alt.X("low:Q", scale=unit, axis=alt.Axis(title="said", format="~%", grid=False)),
            x2="high:Q",
            y=alt.Y("share:Q", axis=alt.Axis(title="share", format="~%", tickCount=2)),
            y2=alt.datum(0),
        )
    )
    return alt.vconcat(alt.layer(bars, diagonal, gaps), histogram, spacing=8)


def coverage_chart(points: Sequence[CoveragePoint]) -> Chart:
    """Share answered, and share of answers that are right, over the confidence asked for."""
    values = []
    for point in points:
        values.append({"x": point.threshold, "y": point.coverage, "line": "answered"})
        if point.accuracy is not None and point.coverage >= 0.005:
            values.append({"x": point.threshold, "y": point.accuracy, "line": "right of those"})
    return _lines(
        values, ["right of those", "answered"], [ACCENT, MUTED], "answer only from this confidence"
    )


def threshold_chart(points: Sequence[ThresholdPoint]) -> Chart:
    """Micro precision, recall and F1 over one threshold for all labels."""
    values = [
        {"x": point.threshold, "y": getattr(point, name), "line": name}
        for point in points
        for name in ("precision", "recall", "f1")
        if name != "precision" or point.recall > 0
    ]
    colours = [INK, ACCENT, WARN]
    return _lines(values, ["f1", "precision", "recall"], colours, "one threshold for every label")


def _lines(values: list[dict[str, Any]], names: list[str], colours: list[str], x: str) -> Chart:
    import altair as alt

    return (
        alt.Chart(_data(values), width=WIDTH, height=HEIGHT)
        .mark_line()
        .encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=x, format="~%")),
            y=alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=None, format="~%")),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title=None, symbolType="stroke"),
            ),
        )
    )


def out_of_scope_chart(scores: OutOfScopeScores) -> Chart:
    """Histograms of the out-of-scope score, each as a share of its own rows."""
    import altair as alt

    edges = scores.histogram_edges
    values = []
    for name, counts in (
        ("in scope", scores.histogram_in_scope),
        ("out of scope", scores.histogram_out_of_scope),
    ):
        total = max(sum(counts), 1)
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
            values.append({"low": low, "high": high, "share": count / total, "rows": name})
    bars = (
        alt.Chart(_data(values), width=WIDTH, height=HEIGHT)
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X(
                "low:Q", scale=alt.Scale(domain=[edges[0], edges[-1]]), title="out-of-scope score"
            ),
            x2="high:Q",
            y=alt.Y("share:Q", stack=None, axis=alt.Axis(title="share of rows", format="~%")),
            y2=alt.datum(0),
            color=alt.Color(
                "rows:N",
                scale=alt.Scale(domain=["in scope", "out of scope"], range=[ACCENT, WARN]),
                legend=alt.Legend(title=None),
            ),
        )
    )
    limit = alt.Chart(_data([{"x": scores.threshold}]))
    shown = edges[0] <= scores.threshold <= edges[-1]
    if not shown:
        return bars
    rule = limit.mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1.5).encode(x="x:Q")
    name = limit.mark_text(align="right", dx=-5, fontSize=11).encode(
        x="x:Q", y=alt.value(8), text=alt.value("rejected from here →")
    )
    return alt.layer(bars, rule, name)
