"""The sections of a classifier's page on what it gets wrong and how sure it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cuebox.reports import classification_charts as charts
from cuebox.reports.confusion_chart import confusion_chart
from cuebox.reports.label_chart import label_caption, label_chart
from cuebox.reports.markup import Child, Markup, breakable, element, join
from cuebox.reports.metric_names import NONE, count, figure, metric_name, percent
from cuebox.reports.page import Cell, Column, Section, picture, table
from cuebox.reports.plain_words import (
    calibration_words,
    coverage_for,
    label_words,
    learning_outlook,
    out_of_scope_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.reports.classification_report import DataSummary, LearningCurve
    from cuebox.reports.scores import (
        ClassificationScores,
        Confusion,
        LabelScores,
        Mistake,
        OutOfScopeScores,
    )

__all__ = [
    "confidence_section",
    "labels_section",
    "learning_section",
    "mistakes_section",
    "out_of_scope_section",
    "thresholds_section",
]

Row = TypeVar("Row")

_SHOWN = 12
_TALL = 25


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


def mistakes_section(scores: ClassificationScores) -> Section:
    """Which labels are mixed up, and the worst mistakes in full."""
    if not scores.mistakes and not scores.confusions:
        body: list[Child] = [element("p", "It made no mistake on these rows.", class_="lead")]
        return Section("mistakes", "Where does it go wrong?", "Mistakes", body)
    body = [element("p", _confusion_words(scores), class_="lead")]
    if scores.confusion_matrix is not None and len(scores.labels) > 1:
        caption = (
            "Rows of each true label by the label given. Blue: right; orange: mistakes, darker "
            "where a larger share of the row is lost."
        )
        if len(scores.labels) > 30:
            caption += " The 30 labels most often mixed up, neighbours side by side."
        matrix = scores.confusion_matrix
        drawn = partial(confusion_chart, matrix, scores.labels)
        body.append(picture(drawn, title="Confusion matrix", caption=caption, wide=True))
    body.append(_folded(scores.confusions, _confusion_table, "more pairs"))
    if scores.mistakes:
        body += [
            element("h3", "Most sure, and wrong"),
            element("p", "Read these first: some will be wrong labels in the data."),
            _folded(scores.mistakes, _mistake_table, "more mistakes"),
        ]
    return Section("mistakes", "Where does it go wrong?", "Mistakes", body)


def _confusion_words(scores: ClassificationScores) -> str:
    if scores.multilabel:
        wrong = 1 - scores.metrics["subset_accuracy"].value
        return (
            f"{percent(wrong)} of texts do not get exactly their labels. These labels are missed, "
            "added, or given in place of each other:"
        )
    rate = 1 - scores.metrics["accuracy"].value
    wrong_rows = round(rate * scores.in_scope_rows)
    worst = sum(pair.count for pair in scores.confusions[:10])
    words = f"{count(wrong_rows, 'mistake')} in {count(scores.in_scope_rows, 'row')}"
    if len(scores.confusions) > 10 and wrong_rows:
        words += f"; the ten most frequent pairs make up {percent(worst / wrong_rows, 0)} of them"
    return f"{words}."


def _confusion_table(pairs: Sequence[Confusion]) -> Markup:
    quoted = any(pair.examples for pair in pairs)
    columns = [
        Column("it was"),
        Column("the model said"),
        Column("rows", number=True),
        Column("of that label", number=True),
        *([Column("for example", kind="quotes")] if quoted else []),
    ]
    rows = [
        [
            Cell(breakable(pair.truth or "(nothing missed)"), kind="label"),
            Cell(breakable(pair.predicted or "(nothing)"), kind="wrong"),
            Cell(f"{pair.count:,}"),
            Cell(percent(pair.share)),
            *([Cell(_quotes(pair.examples))] if quoted else []),
        ]
        for pair in pairs
    ]
    return table(columns, rows, caption="Pairs most often mixed up")


def _mistake_table(mistakes: Sequence[Mistake]) -> Markup:
    columns = [
        Column("text", kind="quotes"),
        Column("it was"),
        Column("the model said"),
        Column("how sure", number=True),
    ]
    rows = [
        [
            Cell(element("q", _cut(row.text)) if row.text else f"row {row.row}"),
            Cell(breakable(", ".join(row.truth) or "(none of the labels)"), kind="label"),
            Cell(breakable(", ".join(row.predicted) or "(nothing)"), kind="wrong"),
            Cell(percent(row.probability)),
        ]
        for row in mistakes
    ]
    return table(columns, rows, caption="Wrong answers, the most confident first")


def labels_section(scores: ClassificationScores, data: DataSummary | None) -> Section:
    """F1 by label: a picture and a table that sorts and filters."""
    body: list[Child] = [element("p", label_words(scores.per_label), class_="lead")]
    if any(row.f1 is not None for row in scores.per_label):
        drawn = partial(label_chart, scores.per_label)
        body.append(picture(drawn, title="F1 by label", caption=label_caption(scores.per_label)))
    if len(scores.labels) > _SHOWN:
        search = element(
            "input", type="search", placeholder="find a label", class_="filter",
            aria_label="Find a label", data_filters="labels-table", hidden="",
        )  # fmt: skip
        body.append(search)
    body.append(_label_table(scores, data))
    return Section("labels", "How good is each label?", "Labels", body)


def _label_table(scores: ClassificationScores, data: DataSummary | None) -> Markup:
    trained = data.label_rows if data is not None else {}
    columns = [
        Column("label"),
        Column("F1", number=True),
        Column("precision", number=True),
        Column("recall", number=True),
        Column("avg. precision", number=True),
        *([Column("threshold", number=True)] if scores.multilabel else []),
        Column("rows", number=True),
        *([Column("training rows", number=True)] if trained else []),
    ]

    def cells(row: LabelScores) -> list[Cell]:
        shares = (row.precision, row.recall, row.average_precision)
        limit = NONE if row.threshold is None else f"{row.threshold:.2f}"
        seen = trained.get(row.label, {}).get("train", 0)
        return [
            Cell(breakable(row.label)),
            Cell(percent(row.f1), row.f1, share=row.f1),
            *(Cell(percent(share), share) for share in shares),
            *([Cell(limit, row.threshold)] if scores.multilabel else []),
            Cell(f"{row.support:,}", row.support),
            *([Cell(f"{seen:,}", seen)] if trained else []),
        ]

    weakest_first = sorted(scores.per_label, key=lambda row: 2 if row.f1 is None else row.f1)
    return table(
        columns,
        [cells(row) for row in weakest_first],
        caption="Weakest first; press a heading to sort",
        anchor="labels-table",
        tall=len(scores.labels) > _TALL,
    )


def confidence_section(scores: ClassificationScores) -> Section:
    """Do probabilities mean what they say, and what does asking for more of it buy?"""
    words = calibration_words(scores.calibration, multilabel=scores.multilabel)
    caption = (
        "Bars: how often an answer was right, by how sure the model said it was. On the dashed "
        "line both agree; bars over it mean more careful than needed, under it too sure. Below: "
        "how many answers fall there."
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


def _folded(rows: Sequence[Row], draw: Callable[[Sequence[Row]], Markup], more: str) -> Markup:
    """The first rows as a table, the rest behind a fold."""
    rest = rows[_SHOWN:]
    folded = None
    if rest:
        folded = element("details", element("summary", f"{len(rest)} {more}"), draw(rest))
    return join([draw(rows[:_SHOWN]), folded])


def _quotes(texts: Sequence[str]) -> Markup:
    return join(element("q", _cut(text)) for text in texts)


def _cut(text: str, most: int = 280) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
