"""`cuebox encoder`: from a checkpoint to a published encoder."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from cuebox.core.manifest import Manifest
    from cuebox.kinds.encoder.export import Exported
    from cuebox.kinds.encoder.settings import EncoderExportSettings
    from cuebox.training.parity import ParityReport

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def encoder() -> None:
    """Encoders: text to embedding, the part that classifiers share."""


@app.command()
def export(
    source: Annotated[
        str, typer.Argument(help="A folder, hf:org/name[@revision] or package:name.")
    ],
    name: Annotated[str, typer.Option(help="Name to publish under.")],
    store: Annotated[str | None, typer.Option(help="Folder or URL of the store.")] = None,
    alias: Annotated[
        str | None, typer.Option(help="Alias to move to the new version, such as production.")
    ] = None,
    quantization: Annotated[
        Literal["int8", "float32"], typer.Option(help="How weights are kept.")
    ] = "int8",
    pooling: Annotated[
        Literal["mean", "cls"] | None,
        typer.Option(help="Default: what the checkpoint says, else mean."),
    ] = None,
    normalize: Annotated[
        bool | None,
        typer.Option(help="Unit length. Default: what the checkpoint says, else yes."),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=3, help="Longest text. Default: what the checkpoint says.")
    ] = None,
    reference: Annotated[
        Literal["auto", "torch", "float32"],
        typer.Option(help="What to compare with; auto is torch where it is installed."),
    ] = "auto",
    least_mean: Annotated[float, typer.Option(help="Least mean cosine that passes.")] = 0.995,
    least: Annotated[float, typer.Option(help="Least cosine of any sentence.")] = 0.97,
    license_name: Annotated[
        str, typer.Option("--license", help="The checkpoint's licence, for the card.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON only.")] = False,
) -> None:
    """Make a served encoder from a BERT-family checkpoint, compare the two, and publish it."""
    from cuebox.kinds.encoder.settings import EncoderExportSettings
    from cuebox.training.parity import ParityLimits

    settings = EncoderExportSettings(
        source=source,
        quantization=quantization,
        pooling=pooling,
        normalize=normalize,
        max_tokens=max_tokens,
        reference=reference,
        limits=ParityLimits(mean=least_mean, p1=least, min=least),
        license=license_name,
    )
    exported, published = _export_and_publish(name, settings, store, alias, quiet=json)
    if json:
        sys.stdout.write(published.encode().decode() + "\n")
    else:
        _print(exported, published, alias)


def _export_and_publish(
    name: str,
    settings: EncoderExportSettings,
    store_url: str | None,
    alias: str | None,
    *,
    quiet: bool,
) -> tuple[Exported, Manifest]:
    from rich.console import Console

    from cuebox.app.build import open_store
    from cuebox.app.settings import load_settings
    from cuebox.cli.terminal import TerminalProgress
    from cuebox.core.manifest import check_name
    from cuebox.engines.opener import EncoderOpener
    from cuebox.engines.settings import EngineSettings
    from cuebox.kinds.encoder.export import export, publish

    if alias is not None:
        check_name(alias, param="alias")
    store = open_store(load_settings(overrides={"store.url": store_url}))
    progress = TerminalProgress(Console(stderr=True, quiet=quiet))
    with TemporaryDirectory() as scratch:
        # Files that are compared once and thrown away are not worth a place in the cache.
        opener = EncoderOpener(EngineSettings(cache_dir=""))
        exported = export(name, settings, Path(scratch), opener, progress)
        published = publish(exported, store)
    if alias is not None:
        store.move_alias(name, alias, published.version, reason="cuebox encoder export")
    return exported, published


def _print(exported: Exported, published: Manifest, alias: str | None) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for report in exported.parity:
        console.print(_parity_table(report))
    table = Table(title="One text on one core, milliseconds")
    for length in exported.speed:
        table.add_column(f"{length} tokens", justify="right")
    table.add_row(*(f"{ms:.2f}" for ms in exported.speed.values()))
    console.print(table)
    at = f" as {alias}" if alias else ""
    console.print(f"published {published.name} {published.version}{at}", highlight=False)


def _parity_table(report: ParityReport) -> object:
    from rich.table import Table

    title = f"{report.candidate} against {report.reference}, cosine similarity"
    table = Table("how it was run", "texts", "mean", "worst 1 %", "worst", title=title)
    for row in report.rows:
        figures = (f"{value:.5f}" for value in (row.mean, row.p1, row.min))
        table.add_row(row.regime, str(row.texts), *figures)
    return table
