"""`cuebox predict`: what the server would answer, over a file."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from cuebox.app.bulk import BulkPrediction, BulkSummary
    from cuebox.app.settings import Settings

__all__ = ["app"]

app = typer.Typer()


@app.command()
def predict(
    source: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL, JSON or Parquet file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .jsonl, .csv or .tsv file.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Model reference; repeatable.")
    ] = None,
    text: Annotated[str, typer.Option(help="Column that holds the text.")] = "text",
    top_k: Annotated[int | None, typer.Option(min=1, help="Labels per model (JSONL).")] = None,
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Rows per write.")] = 512,
    restart: Annotated[bool, typer.Option(help="Throw an unfinished run away.")] = False,
) -> None:
    """Classify every row of a file; interrupted, the same command goes on where it stopped."""
    from cuebox.app.bulk import BulkPrediction
    from cuebox.app.settings import load_settings
    from cuebox.inputs.settings import SourceSettings

    settings = load_settings(
        config, {"store.url": store, "serving.models": model, "serving.reload_interval": 0}
    )
    job = BulkPrediction(
        source=SourceSettings(path=str(source), text=text, label=None),
        base=Path.cwd(),
        output=output,
        models=model or ["*"],
        top_k=top_k,
        batch=batch,
        restart=restart,
    )
    summary = asyncio.run(_run(settings, job))
    resumed = f", {summary.resumed:,} of them by an earlier run" if summary.resumed else ""
    failed = f"; {summary.failed:,} rows have an error" if summary.failed else ""
    sys.stderr.write(f"{summary.rows:,} rows in {output}{resumed}{failed}\n")


async def _run(settings: Settings, job: BulkPrediction) -> BulkSummary:
    from rich.console import Console

    from cuebox.app.build import build_service
    from cuebox.cli.terminal import TerminalProgress
    from cuebox.inputs.counting import count_rows

    # Unless it is asked for by name, a language model is neither loaded nor missed.
    service = build_service(settings, completions=bool(settings.serving.models))
    try:
        await service.start()
        failures = service.readiness().failures
        if failures:
            raise ModelError("; ".join(f"{name}: {reason}" for name, reason in failures.items()))
        rows = count_rows(job.source, base=job.base)
        with TerminalProgress(Console(stderr=True)).stage("Classifying", rows) as step:
            return await job.run(service, step)
    finally:
        await service.drain(1.0)
