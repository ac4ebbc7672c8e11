"""The sections of a classifier's page on how sure it is, and on what it would take to be better."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cuebox.reports import classification_charts as charts
from cuebox.reports.markup import Child, Markup, element
from cuebox.reports.metric_names import NONE, figure, metric_name, percent
from cuebox.reports.page import Cell, Column, Section, picture, table
from cuebox.reports.plain_words import (
    calibration_words,
    coverage_for,
    learning_outlook,
    out_of_scope_words,
)

if TYPE_CHECKING:
    from cuebox.reports.classification_report import LearningCurve
    from cuebox.reports.scores import (
        ClassificationScores,
        OutOfScopeScores,
    )

__all__ = ["confidence_section", "learning_section", "out_of_scope_section", "thresholds_section"]


def learning_section(curve: LearningCurve) -> Section:
    """Would more data help?"""
    outlook = learning_outlook(curve)
    title = metric_name(curve.metric).title
    points = sorted(curve.points, key=lambda point: point.rows)
    rows = [
        [
            Cell(f"{point.rows:,}"),
            Cell(figure(curve.metric, point.value)),
            Cell(
                f"{percent(point.low)} to {percent(point.high)}" if point.low is not None else NONE
            ),
            Cell(figure(curve.metric, point.train)),
        ]
        for point in points
    ]
    columns = [
        Column("rows"),
        Column(title, number=True),
        Column("interval", number=True),
        Column("on seen rows", number=True),
    ]
    caption = f"{title} on held-out rows, of models trained on a part of the data."
    if any(point.low is not None for point in points):
        caption += " The band is the 95% interval."
    if any(point.train is not None for point in points):
        caption += " The dashed line is the score on the rows the model has seen."
    drawn = picture(
        partial(charts.learning_curve_chart, curve, metric=title),
        title=f"Learning curve: {title} by training rows",
        caption=caption,
    )
    words = element("p", element("strong", outlook.answer), " ", outlook.words, class_="lead")
    body = [words, _pair(drawn, table(columns, rows, caption="The same in figures"))]
    return Section("data-needed", "Would more data help?", "More data?", body)


def confidence_section(scores: ClassificationScores) -> Section:
    """Do probabilities mean what they say, and what does asking for more of it buy?"""
    words = calibration_words(scores.calibration, multilabel=scores.multilabel)
    caption = (
        "Bars: how often an answer was right, by how sure the model said it was. On the dashed "
        "line both agree; bars over it mean more careful than needed, under it too sure. Below: "
        "how many answers fall there; a pale bar rests on fewer than ten."
    )
    if scores.multilabel:
        caption = caption.replace("an answer was right", "a label was true")
    reliability = picture(
        partial(charts.reliability_chart, scores.calibration),
        title="Reliability: confidence against truth",
        caption=caption,
    )
    body: list[Child] = [element("p", words, class_="lead")]
    if not scores.coverage:
        return Section(
            "confidence", "Can its confidence be trusted?", "Confidence", [*body, reliability]
        )
    coverage = picture(
        partial(charts.coverage_chart, scores.coverage),
        title="Coverage and accuracy by confidence",
        caption="If answers under a confidence are held back: how many texts are still "
        "answered, and how many of those answers are right.",
    )
    body += [_pair(reliability, coverage), _coverage_table(scores)]
    return Section("confidence", "Can its confidence be trusted?", "Confidence", body)


def _coverage_table(scores: ClassificationScores) -> Markup | None:
    """What it takes to reach rounder accuracies than the model has on its own."""
    base = scores.metrics["accuracy"].value
    rows = []
    for target in (0.8, 0.9, 0.95, 0.98, 0.99):
        point = coverage_for(scores.coverage, target)
        if target > base and point is not None:
            rows.append(
                [
                    Cell(percent(target, 0)),
                    Cell(percent(point.threshold, 0)),
                    Cell(percent(point.coverage)),
                    Cell(percent(point.accuracy)),
                ]
            )
    if not rows:
        return None
    columns = [
        Column("to be right"),
        Column("answer from", number=True),
        Column("texts answered", number=True),
        Column("measured", number=True),
    ]
    return table(columns, rows, caption="Holding back doubtful answers")


def out_of_scope_section(scores: OutOfScopeScores) -> Section:
    """Texts that belong to no label."""
    names = (
        "recall", "precision", "f1", "auroc", "fpr_at_95", "accuracy_with_rejection",
        "false_rejection",
    )  # fmt: skip
    values = [(f"out_of_scope_{name}", getattr(scores, name)) for name in names]
    rows = [
        [Cell(metric_name(n).title), Cell(figure(n, v)), Cell(metric_name(n).meaning, kind="muted")]
        for n, v in values
    ]
    rows.insert(
        5,
        [
            Cell("In-scope accuracy, not rejecting"),
            Cell(percent(scores.accuracy_without_rejection)),
            Cell("for comparison", kind="muted"),
        ],
    )
    drawn = picture(
        partial(charts.out_of_scope_chart, scores),
        title="Out-of-scope scores",
        caption="How far out of scope the model finds each text; the less the two hills "
        "overlap, the better.",
    )
    figures = table([Column("figure"), Column("value", number=True), Column("meaning")], rows,
                    caption=f"Threshold {scores.threshold:.4g}")  # fmt: skip
    body = [element("p", out_of_scope_words(scores), class_="lead"), _pair(drawn, figures)]
    return Section("out-of-scope", "Does it notice what does not belong?", "Out of scope", body)


def thresholds_section(scores: ClassificationScores) -> Section:
    """What one threshold for all labels would do, beside the thresholds in use."""
    best = max(scores.threshold_curve, key=lambda point: point.f1)
    words = (
        f"With its own thresholds the model has a micro F1 of "
        f"{percent(scores.metrics['micro_f1'].value)}. The best single threshold for all labels "
        f"on these rows, {best.threshold:.2f}, would give {percent(best.f1)}."
    )
    drawn = picture(
        partial(charts.threshold_chart, scores.threshold_curve),
        title="Precision, recall and F1 by threshold",
        caption="Micro-averaged over all labels. A higher threshold gives fewer labels, and "
        "more of them are true.",
    )
    body = [element("p", words, class_="lead"), drawn]
    return Section("thresholds", "What do the thresholds buy?", "Thresholds", body)


def _pair(left: Child, right: Child) -> Markup:
    return element("div", element("div", left), element("div", right), class_="pair")
