"""The top of a classifier's page: what it is, and its headline figures as cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.reports.markup import Markup, element, join
from cuebox.reports.metric_names import count, figure, metric_name, points
from cuebox.reports.page import Cell, Column, Section, table
from cuebox.reports.plain_words import headline_words

if TYPE_CHECKING:
    from cuebox.reports.classification_report import ClassificationReport, ModelFacts
    from cuebox.reports.scores import ClassificationScores, Estimate

__all__ = ["model_facts", "overview_section", "page_top"]

_SINGLE = ("accuracy", "weighted_f1", "macro_f1", "top_3_accuracy", "out_of_scope_recall", "ece")
_MULTI = (
    "micro_f1",
    "macro_f1",
    "weighted_f1",
    "subset_accuracy",
    "mean_average_precision",
    "out_of_scope_recall",
    "ece",
)


def page_top(report: ClassificationReport) -> Markup:
    """Name, version and what the model does."""
    model = report.model
    scores = report.scores[report.main_split]
    task = "several labels a text" if scores.multilabel else "one label a text"
    chips = [
        task,
        count(len(scores.labels), "label"),
        "detects out of scope" if scores.out_of_scope else None,
        f"encoder {model.encoder}" if model.encoder else None,
        model.head or None,
        f"made {model.created[:10]}" if model.created else None,
    ]
    return join(
        [
            element("h1", model.name, element("small", model.version) if model.version else None),
            element("p", model.description, class_="lead") if model.description else None,
            element("ul", *(element("li", chip) for chip in chips if chip), class_="chips"),
        ]
    )


def overview_section(report: ClassificationReport) -> Section:
    """Cards with intervals, a sentence on what they mean, and all figures by split."""
    split = report.main_split
    scores = report.scores[split]
    names = _MULTI if scores.multilabel else _SINGLE
    figures = scores.flat()
    cards = [_card(name, scores, report.baseline) for name in names if name in figures]
    against = None
    if report.baseline:
        name = report.baseline_name or "the model in production"
        against = element("p", f"Changes are against {name}, on the same rows.", class_="muted")
    body = [
        element("p", headline_words(scores, split), class_="lead"),
        element("dl", *cards, class_="cards"),
        against,
        _all_figures(report),
    ]
    return Section("overview", "How good is it?", "Overview", body)


def _card(name: str, scores: ClassificationScores, baseline: dict[str, float]) -> Markup:
    entry = metric_name(name)
    value = scores.flat()[name]
    estimate = scores.metrics.get(name)
    low, high = _interval(estimate)
    span = None
    if low is not None and high is not None:
        words = f"{figure(name, low)} to {figure(name, high)}"
        span = element("dd", words, class_="range", title="95% bootstrap interval")
    meter = element("dd", _meter(value, low, high)) if not entry.lower_is_better else None
    return element(
        "div",
        element("dt", entry.title),
        element("dd", figure(name, value), class_="figure"),
        meter,
        span,
        _change(name, value, baseline),
        element("dd", entry.meaning, class_="hint"),
        class_="card",
    )


def _interval(estimate: Estimate | None) -> tuple[float | None, float | None]:
    """The interval, unless it has no width and so would promise too much."""
    if estimate is None or estimate.low == estimate.high:
        return None, None
    return estimate.low, estimate.high


def _meter(value: float, low: float | None, high: float | None) -> Markup:
    whisker = None
    if low is not None and high is not None:
        whisker = element("b", style=f"left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%")
    bar = element("i", style=f"width:{100 * value:.1f}%")
    return element("span", bar, whisker, class_="meter", aria_hidden="true")


def _change(name: str, value: float, baseline: dict[str, float]) -> Markup | None:
    if name not in baseline:
        return None
    change = value - baseline[name]
    if abs(change) < 0.0005:
        return element("dd", "unchanged", class_="range")
    better = (change > 0) != bool(metric_name(name).lower_is_better)
    return element("dd", points(change), class_=f"range {'better' if better else 'worse'}")


def _all_figures(report: ClassificationReport) -> Markup:
    """Every figure of every split, folded away."""
    order = [report.main_split, *(name for name in report.scores if name != report.main_split)]
    flat = {split: report.scores[split].flat() for split in order}
    names = list(dict.fromkeys(name for figures in flat.values() for name in figures))
    rows = [
        [
            Cell(metric_name(name).title),
            *(Cell(figure(name, flat[split].get(name))) for split in order),
            Cell(metric_name(name).meaning, kind="muted"),
        ]
        for name in names
    ]
    sizes = ", ".join(f"{split} {report.scores[split].rows:,}" for split in order)
    columns = [
        Column("figure"),
        *(Column(split, number=True) for split in order),
        Column("meaning"),
    ]
    drawn = table(columns, rows, caption=f"All figures; rows: {sizes}")
    return element("details", element("summary", "All figures, every split"), drawn)


def model_facts(model: ModelFacts) -> list[tuple[str, Markup | str]]:
    """Names and values worth listing; empty ones are left out."""
    facts: list[tuple[str, Markup | str]] = [
        ("Model", f"{model.name}@{model.version}" if model.version else model.name),
        ("Made", model.created),
        ("Encoder", model.encoder),
        ("Encoder digest", element("code", model.encoder_digest) if model.encoder_digest else ""),
        ("Head", model.head),
        ("Command", element("code", model.command) if model.command else ""),
        ("Code", model.code_revision),
        *model.sizes.items(),
    ]
    return [(name, value) for name, value in facts if value]
