"""`cuebox train` of a reply model."""

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
    from cuebox.kinds.reply.pipeline import Built

__all__ = ["train_reply"]


def train_reply(
    config: Path,
    overrides: Mapping[str, str],
    settings: Settings,
    store: ModelStore,
    console: Console,
    *,
    runs: Path,
    resume: bool,
    publish: bool,
    promotion: Literal["auto", "yes", "no"],
) -> Path:
    """Train, judge, export and publish; returns the folder of the version's files.

    Raises:
        ConfigError, DataError, ModelError: settings, data or encoder do not fit.
    """
    from cuebox.app.build import text_embedder
    from cuebox.kinds.reply.pipeline import build, publish_built
    from cuebox.kinds.reply.settings import load_reply_settings

    model = load_reply_settings(config, overrides)
    console.print(f"[bold]{model.name}[/] on {model.encoder}", highlight=False)
    built = build(
        model,
        store,
        text_embedder(settings, store, model.encoder),
        base=config.parent,
        runs=runs,
        progress=TerminalProgress(console),
        resume=resume,
    )
    console.print(_table(built))
    if publish:
        manifest, promoted = publish_built(built, store, promotion=promotion)
        print_published(console, manifest, built.verdict, promoted=promoted)
    return built.folder


def _table(built: Built) -> Table:
    """How often the message that was sent was among the replies, by letters typed."""
    from rich.table import Table

    from cuebox.kinds.reply.evaluate import DRAFT_LENGTHS

    table = Table(
        title=f"{built.answers:,} answers, {built.moments:,} {built.split} messages: sent as shown",
        title_justify="left",
    )
    table.add_column("letters typed")
    groups = {"picked": "", "free": ".free", "all": ".all"}
    shown = {
        name: part for name, part in groups.items() if f"exact_at_1{part}" in built.manifest.metrics
    }
    for name in shown:
        table.add_column(f"{name}: first", justify="right")
        table.add_column("of three", justify="right")
    for length in DRAFT_LENGTHS:
        suffix = f".draft_{length}" if length else ""
        cells = [
            f"{built.manifest.metrics[f'exact_at_{place}{part}{suffix}']:.1%}"
            for part in shown.values()
            for place in (1, 3)
        ]
        table.add_row(str(length), *cells)
    return table
