"""A language model's report as one self-contained HTML page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cuebox.reports.language_model_charts import suggestion_chart, training_curve_chart
from cuebox.reports.markup import Child, Markup, element, join
from cuebox.reports.page import Cell, Column, Section, picture, render_page, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.reports.language_model_report import CorpusFigures, LanguageModelReport

__all__ = ["render_language_model_page"]


def render_language_model_page(report: LanguageModelReport) -> str:
    """The whole page; without the extra `cuebox[reports]` it has tables but no pictures."""
    sections = [_likelihood_section(report), _suggestions_section(report)]
    if report.curve:
        sections.insert(1, _curve_section(report))
    sections.append(_origin_section(report))
    top = join(
        [
            element("h1", report.name),
            element("p", report.description) if report.description else None,
        ]
    )
    foot = f"Figures are on {report.split} documents, which the model has never seen."
    return render_page(f"{report.name} · language model report", top, sections, foot=foot)


def _likelihood_section(report: LanguageModelReport) -> Section:
    columns = [
        Column("text"),
        Column("model"),
        Column("bits per character", number=True),
        Column("bits per byte", number=True),
        Column("perplexity per token", number=True),
        Column("documents", number=True),
        Column("tokens", number=True),
    ]
    rows = [
        [
            Cell(corpus.name),
            Cell(model),
            Cell(f"{figures.bits_per_character:.3f}", figures.bits_per_character),
            Cell(f"{figures.bits_per_byte:.3f}", figures.bits_per_byte),
            Cell(f"{figures.perplexity:.2f}", figures.perplexity),
            Cell(f"{corpus.documents:,}", corpus.documents),
            Cell(f"{corpus.tokens:,}", corpus.tokens),
        ]
        for corpus in report.corpora
        for model, figures in corpus.figures.items()
    ]
    body = [
        element(
            "p",
            "Fewer bits are better: they are what it would take to write the text down, given "
            "the model's guesses.",
        ),
        table(columns, rows, caption="Held-out text", anchor="likelihood-table"),
    ]
    return Section("likelihood", "How well does it predict text?", "Prediction", body)


def _curve_section(report: LanguageModelReport) -> Section:
    baselines = _baselines(report)
    chart = partial(training_curve_chart, report.curve, baselines=baselines)
    caption = "Bits per character of validation text while it was trained."
    if baselines:
        name = list(report.corpora[0].figures)[-1]
        caption += f" Dashed: {name}, on {report.split} text."
    drawn = picture(chart, title="Learning curve", caption=caption, wide=True)
    return Section("curve", "How did it learn?", "Learning", [drawn])


def _suggestions_section(report: LanguageModelReport) -> Section:
    body: list[Child] = [
        element(
            "p",
            "A suggestion of N words is right when exactly these words were written next, "
            "punctuation included; half of the places are inside words.",
        )
    ]
    for corpus in report.corpora:
        if any(figures.suggestions for figures in corpus.figures.values()):
            body += [
                element("h3", corpus.name),
                picture(
                    partial(suggestion_chart, corpus),
                    title=f"Suggestions for {corpus.name}",
                    caption="How often suggestions are exactly right, by their length.",
                ),
                _suggestions_table(corpus),
            ]
    return Section("suggestions", "How often are its suggestions right?", "Suggestions", body)


def _suggestions_table(corpus: CorpusFigures) -> Markup:
    columns = [
        Column("model"),
        Column("words", number=True),
        Column("place"),
        Column("places", number=True),
        Column("first", number=True),
        Column("one of three", number=True),
    ]
    rows = [
        [
            Cell(model),
            Cell(str(one.words), one.words),
            Cell({"word": "before a word", "inside": "inside a word"}.get(one.at, "all")),
            Cell(f"{one.places:,}", one.places),
            Cell(f"{one.first:.1%}", one.first, one.first),
            Cell(f"{one.any:.1%}", one.any, one.any),
        ]
        for model, figures in corpus.figures.items()
        for one in figures.suggestions
    ]
    drawn = table(
        columns, rows, caption=f"ExactMatch on {corpus.name}", anchor=f"match-{corpus.name}"
    )
    return element("details", element("summary", "All figures"), drawn)


def _origin_section(report: LanguageModelReport) -> Section:
    body: list[Child] = [_facts(report.facts)]
    if report.config:
        settings = element("pre", element("code", report.config))
        body.append(element("details", element("summary", "Settings"), settings))
    if report.environment:
        facts = _facts(report.environment)
        body.append(element("details", element("summary", "Environment"), facts))
    return Section("origin", "How was it made?", "Origin", body)


def _baselines(report: LanguageModelReport) -> dict[str, float]:
    """Of each corpus with several models, the last one's bits."""
    return {
        corpus.name: list(corpus.figures.values())[-1].bits_per_character
        for corpus in report.corpora
        if len(corpus.figures) > 1
    }


def _facts(facts: Mapping[str, str]) -> Markup:
    parts: list[Child] = []
    for name, value in facts.items():
        parts += [element("dt", name), element("dd", value)]
    return element("dl", *parts, class_="facts")
