"""The sections of a classifier's page on what it gets wrong, row by row and label by label."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cuebox.reports.confusion_chart import confusion_chart
from cuebox.reports.label_chart import label_caption, label_chart
from cuebox.reports.markup import Child, Markup, breakable, element, join
from cuebox.reports.metric_names import NONE, count, percent
from cuebox.reports.page import Cell, Column, Section, picture, table
from cuebox.reports.plain_words import (
    label_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.reports.classification_report import DataSummary
    from cuebox.reports.scores import (
        ClassificationScores,
        Confusion,
        LabelScores,
        Mistake,
    )

__all__ = ["labels_section", "mistakes_section"]

Row = TypeVar("Row")

_SHOWN = 12
_TALL = 25


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
