"""A classifier's report as one self-contained HTML page, in the order a person would ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.reports.classification_confidence import (
    confidence_section,
    learning_section,
    out_of_scope_section,
    thresholds_section,
)
from cuebox.reports.classification_mistakes import labels_section, mistakes_section
from cuebox.reports.classification_overview import model_facts, overview_section, page_top
from cuebox.reports.markup import Child, Markup, element
from cuebox.reports.metric_names import NONE, count, figure, metric_name
from cuebox.reports.page import Cell, Column, Section, render_page, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.reports.classification_report import (
        ClassificationReport,
        DataSummary,
        ModelFacts,
        SearchTable,
    )

__all__ = ["render_classification_page"]


def render_classification_page(report: ClassificationReport) -> str:
    """The whole page; sections without data are left out.

    Without the extra `cuebox[reports]` the page has tables and sentences but no pictures, and
    says what to install.
    """
    scores = report.scores[report.main_split]
    sections = [overview_section(report)]
    if report.learning_curve is not None and report.learning_curve.points:
        sections.append(learning_section(report.learning_curve))
    sections += [
        mistakes_section(scores),
        labels_section(scores, report.data),
        confidence_section(scores),
    ]
    if scores.out_of_scope is not None:
        sections.append(out_of_scope_section(scores.out_of_scope))
    if scores.threshold_curve:
        sections.append(thresholds_section(scores))
    if report.data is not None:
        sections.append(_data_section(report.data))
    sections.append(_origin_section(report.model, report.search))
    title = f"{report.model.name} {report.model.version}".strip()
    foot = (
        f"Figures are on the {report.main_split} split unless said otherwise. Intervals are 95% "
        "percentile bootstrap over rows."
    )
    return render_page(f"{title} · classifier report", page_top(report), sections, foot=foot)


def _data_section(data: DataSummary) -> Section:
    splits = list(data.rows)
    outside = bool(data.out_of_scope_rows)
    columns = [
        Column("split"),
        Column("rows", number=True),
        *([Column("out of scope", number=True)] if outside else []),
        Column("labels with rows", number=True),
        Column("smallest label", number=True),
        Column("largest label", number=True),
    ]
    rows = []
    for split in splits:
        sizes = [rows_of.get(split, 0) for rows_of in data.label_rows.values()]
        seen = [size for size in sizes if size]
        rows.append(
            [
                Cell(split),
                Cell(f"{data.rows[split]:,}"),
                *([Cell(f"{data.out_of_scope_rows.get(split, 0):,}")] if outside else []),
                Cell(f"{len(seen):,}"),
                Cell(f"{min(seen, default=0):,}"),
                Cell(f"{max(seen, default=0):,}"),
            ]
        )
    body: list[Child] = [
        table(columns, rows, caption="Rows by split"),
        _facts(_data_facts(data)),
        *(element("p", note) for note in data.notes),
        _label_rows(data, splits),
    ]
    if data.leaked:
        warning = (
            f"{count(data.leaked, 'held-out text')} can also be found in the training rows, "
            "which flatters the figures above."
        )
        body.insert(0, element("p", warning, class_="note"))
    return Section("data", "What was it made from?", "Data", body)


def _data_facts(data: DataSummary) -> list[tuple[str, Markup | str]]:
    known: list[tuple[str, int | None]] = [
        ("Duplicates", data.duplicates),
        ("Same text, different labels", data.conflicts),
        ("Held-out texts also trained on", data.leaked),
    ]
    facts: list[tuple[str, Markup | str]] = [("Sources", ", ".join(data.sources))]
    facts += [(name, count(rows, "row")) for name, rows in known if rows is not None]
    facts.append(("Words in a text", ", ".join(f"{k} {v:g}" for k, v in data.words.items())))
    facts.append(("Left out", ", ".join(f"{rows:,} {why}" for why, rows in data.dropped.items())))
    return [(name, value) for name, value in facts if value]


def _label_rows(data: DataSummary, splits: list[str]) -> Markup:
    columns = [Column("label"), *(Column(split, number=True) for split in splits)]
    rows = [
        [Cell(label), *(Cell(f"{by.get(split, 0):,}", by.get(split, 0)) for split in splits)]
        for label, by in sorted(data.label_rows.items())
    ]
    drawn = table(
        columns, rows, caption="Rows by label and split", anchor="rows-table", tall=len(rows) > 25
    )
    return element("details", element("summary", "Rows by label"), drawn)


def _origin_section(model: ModelFacts, search: SearchTable | None) -> Section:
    body: list[Child] = [_facts(model_facts(model))]
    if search is not None and search.trials:
        body += [element("h3", "What was tried"), _search_table(search)]
    if model.config:
        settings = element("pre", element("code", model.config))
        body.append(element("details", element("summary", "Settings"), settings))
    if model.environment:
        environment = _facts(model.environment.items())
        body.append(element("details", element("summary", "Environment"), environment))
    return Section("origin", "How was it made?", "Origin", body)


def _search_table(search: SearchTable) -> Markup:
    keys = list(dict.fromkeys(key for trial in search.trials for key in trial.settings))
    timed = any(trial.seconds is not None for trial in search.trials)
    ranked = sorted(
        search.trials, key=lambda trial: trial.score, reverse=not search.lower_is_better
    )
    columns = [
        Column(metric_name(search.metric).title),
        *map(Column, keys),
        *([Column("seconds", number=True)] if timed else []),
        Column("choice"),
    ]
    rows = [
        [
            Cell(figure(search.metric, trial.score)),
            *(Cell(trial.settings.get(key, NONE)) for key in keys),
            *([Cell(NONE if trial.seconds is None else f"{trial.seconds:.1f}")] if timed else []),
            Cell(element("strong", "chosen") if trial.chosen else None),
        ]
        for trial in ranked
    ]
    caption = f"{count(len(rows), 'combination')}, best first"
    return table(columns, rows, caption=caption, tall=len(rows) > 25)


def _facts(facts: Iterable[tuple[str, Markup | str]]) -> Markup:
    parts: list[Child] = []
    for name, value in facts:
        parts += [element("dt", name), element("dd", value)]
    return element("dl", *parts, class_="facts")
