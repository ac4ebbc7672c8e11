"""What training and evaluation found, as the facts of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.kinds.completion.curve import CURVE_FILE, read_curve
from cuebox.reports.language_model_report import (
    CorpusFigures,
    CurvePoint,
    LanguageModelReport,
    SuggestionShare,
    TextFigures,
)
from cuebox.training.environment import environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cuebox.kinds.completion.evaluate import CorpusScores, ModelScores
    from cuebox.kinds.completion.train import Trained
    from cuebox.training.held_out import Split

__all__ = ["make_report", "write_report"]

REPORT_FILE, PAGE_FILE, PICTURE_FILE = "report.json", "report.html", "curve.png"


def make_report(
    trained: Trained, scores: Mapping[str, ModelScores], split: Split
) -> LanguageModelReport:
    """Gather figures, curve and origin.

    Args:
        trained: the model.
        scores: name to figures, the trained model's own first.
        split: which documents they are about.
    """
    settings, files = trained.settings, trained.prepared.held_out(split)
    curve = read_curve(trained.run.folder)
    return LanguageModelReport(
        name=settings.name,
        description=settings.description,
        split=split,
        corpora=[
            CorpusFigures(
                name=name,
                documents=file.facts.documents,
                tokens=file.facts.counted,
                characters=file.facts.characters,
                figures={model: _figures(one.corpora[name]) for model, one in scores.items()},
            )
            for name, file in files.items()
        ],
        curve=[
            CurvePoint(tokens=look.tokens, minutes=look.minutes, rate=look.rate, bits=look.bits)
            for look in curve
        ],
        facts=_facts(trained),
        config=msgspec.json.format(msgspec.json.encode(settings), indent=2).decode(),
        environment=environment(("torch", "transformers")),
    )


def write_report(report: LanguageModelReport, trained: Trained, folder: Path) -> None:
    """Write JSON, page and curve into `folder`; the curve's picture where it can be drawn."""
    from cuebox.reports.charts import charts_available, render_png
    from cuebox.reports.language_model_charts import training_curve_chart
    from cuebox.reports.language_model_page import render_language_model_page

    content = msgspec.json.format(msgspec.json.encode(report), indent=1)
    (folder / REPORT_FILE).write_bytes(content + b"\n")
    (folder / PAGE_FILE).write_text(render_language_model_page(report), encoding="utf-8")
    curve = trained.run.folder / CURVE_FILE
    if curve.exists():
        (folder / CURVE_FILE).write_bytes(curve.read_bytes())
    if report.curve and charts_available():
        (folder / PICTURE_FILE).write_bytes(render_png(training_curve_chart(report.curve)))


def _figures(scores: CorpusScores) -> TextFigures:
    return TextFigures(
        perplexity=scores.likelihood.perplexity,
        bits_per_character=scores.likelihood.bits_per_character,
        bits_per_byte=scores.likelihood.bits_per_byte,
        suggestions=[
            SuggestionShare(
                words=one.words, at=one.at, places=one.places, first=one.first, any=one.any
            )
            for one in scores.exact_match
        ],
    )


def _facts(trained: Trained) -> dict[str, str]:
    settings = trained.settings
    network, parts = settings.network, trained.prepared.train_parts()
    looks = read_curve(trained.run.folder)
    shape = (
        f"fine-tuned from {network.base}"
        if network.base
        else f"{network.architecture}, {network.layers} layers of {network.dim}, "
        f"{network.heads} heads, feed-forward {network.inner}"
    )
    facts = {
        "Network": shape,
        "Window": f"{network.context} tokens",
        "Vocabulary": f"{trained.prepared.tokenizer.get_vocab_size():,} tokens",
        "Training documents": f"{sum(part.file.facts.documents for part in parts):,}",
        "Training tokens": f"{sum(part.file.facts.tokens for part in parts):,}",
    }
    if looks:
        last = looks[-1]
        facts["Trained"] = (
            f"{last.step:,} steps, {last.tokens:.1f} million tokens, {last.epoch:.1f} passes, "
            f"{last.minutes:.0f} minutes"
        )
    return facts
