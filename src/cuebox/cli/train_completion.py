"""`cuebox train` of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cuebox.cli.terminal import TerminalProgress, print_published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from cuebox.app.settings import Settings
    from cuebox.core.ports import ModelStore
    from cuebox.kinds.completion.pipeline import Built
    from cuebox.kinds.completion.settings import CompletionSettings

__all__ = ["train_completion"]


def train_completion(
    config: Path,
    overrides: Mapping[str, str],
    settings: Settings,
    store: ModelStore,
    console: Console,
    *,
    runs: Path,
    resume: bool,
    finish: bool,
    publish: bool,
    promotion: Literal["auto", "yes", "no"],
) -> Path:
    """Train, judge, export and publish; returns the folder of the version's files.

    Raises:
        ConfigError, DataError, ModelError: settings, data or base do not fit.
        KeyboardInterrupt: it was stopped; a checkpoint is there.
    """
    from cuebox.app.build import completion_engine
    from cuebox.kinds.completion.pipeline import build, publish_trained
    from cuebox.kinds.completion.settings import load_completion_settings

    model = load_completion_settings(config, overrides)
    console.print(f"[bold]{model.name}[/], {_shape(model)}", highlight=False)
    built = build(
        model,
        store,
        completion_engine(settings),
        base=config.parent,
        runs=runs,
        progress=TerminalProgress(console),
        resume=resume,
        finish=finish,
    )
    for table in _tables(built):
        console.print(table)
    if publish:
        manifest, promoted = publish_trained(built, store, promotion=promotion)
        print_published(console, manifest, built.verdict, promoted=promoted)
    return built.exported.folder


def _shape(model: CompletionSettings) -> str:
    network = model.network
    if network.base:
        return f"fine-tuned from {network.base}"
    return f"{network.architecture}, {network.layers} layers of {network.dim}, from scratch"


def _tables(built: Built) -> list[Table]:
    """For each corpus, the figures of the trained, the served and the baseline model."""
    from rich.table import Table

    tables = []
    for corpus in built.report.corpora:
        table = Table(
            title=f"{corpus.name}: {corpus.documents:,} {built.report.split} documents",
            title_justify="left",
        )
        for column in ("model", "bits per character", "perplexity"):
            table.add_column(column, justify="left" if column == "model" else "right")
        first = next(iter(corpus.figures.values()))
        lengths = [one.words for one in first.suggestions if one.at == "all"]
        for words in lengths:
            table.add_column(f"{words} right", justify="right")
        for name, figures in corpus.figures.items():
            shares = [f"{one.first:.1%}" for one in figures.suggestions if one.at == "all"]
            table.add_row(
                name, f"{figures.bits_per_character:.3f}", f"{figures.perplexity:.2f}", *shares
            )
        tables.append(table)
    return tables
