"""`cuebox loadtest`: offer a load, print what came of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from cuebox.loadtest.generator import LoadGenerator
    from cuebox.loadtest.recorder import LoadReport
    from cuebox.loadtest.settings import LoadSettings

__all__ = ["app"]

app = typer.Typer()


@app.command()
def loadtest(
    url: Annotated[str, typer.Argument(help="Where requests go.")] = (
        "http://127.0.0.1:8080/v1/classify"
    ),
    rate: Annotated[
        float | None, typer.Option(help="Requests a second (open loop); without it, closed loop.")
    ] = None,
    clients: Annotated[int, typer.Option(help="Connections.")] = 16,
    duration: Annotated[float, typer.Option(help="Measured seconds.")] = 10.0,
    warmup: Annotated[float, typer.Option(help="Seconds before that.")] = 2.0,
    repeat: Annotated[
        float, typer.Option(help="Share of texts that were sent before; caches make them cheap.")
    ] = 0.0,
    hot_texts: Annotated[int, typer.Option(help="Texts the repeated ones come from.")] = 1_000,
    body: Annotated[str, typer.Option(help="JSON body; {text} is the place of the text.")] = (
        '{"model": "*", "input": {text}}'
    ),
    header: Annotated[list[str] | None, typer.Option(help="`Name: value`; repeatable.")] = None,
    arrivals: Annotated[str, typer.Option(help="poisson or constant (open loop).")] = "poisson",
    timeout: Annotated[float, typer.Option(help="Seconds until a request counts as failed.")] = 30,
    seed: Annotated[int, typer.Option(help="Same seed, same texts.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for report.json and pictures.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON only.")] = False,
) -> None:
    """Send texts that never repeat, unless asked, and measure latency and throughput."""
    import msgspec

    from cuebox.app.settings import convert_section
    from cuebox.loadtest.settings import LoadSettings

    options = {
        "url": url, "body": body, "headers": dict(_header(line) for line in header or ()),
        "loop": "closed" if rate is None else "open", "rate": rate or 1.0, "clients": clients,
        "duration": duration, "warmup": warmup, "repeat": repeat, "hot_texts": hot_texts,
        "arrivals": arrivals, "timeout": timeout, "seed": seed,
    }  # fmt: skip
    settings = convert_section(options, LoadSettings)
    report = _run(settings, output, quiet=json)
    encoded = msgspec.json.format(msgspec.json.encode(report), indent=2)
    if output is not None:
        (output / "report.json").write_bytes(encoded + b"\n")
    if json:
        sys.stdout.write(encoded.decode() + "\n")
    else:
        _print(report)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise ConfigError(f"--header {line!r}: write it as 'Name: value'", param="header")
    return name.strip(), value.strip()


def _run(settings: LoadSettings, output: Path | None, *, quiet: bool) -> LoadReport:
    from rich.console import Console
    from rich.progress import Progress

    from cuebox.loadtest.generator import LoadGenerator

    total = settings.warmup + settings.duration
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        task = progress.add_task(f"{settings.loop} loop", total=total)
        generator = LoadGenerator(
            settings, lambda seconds: progress.update(task, completed=min(seconds, total))
        )
        report = generator.run_here()
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        _draw(generator, report, output)
    return report


def _draw(generator: LoadGenerator, report: LoadReport, output: Path) -> None:
    """`latency.svg` and `latency.png`; without the reports extra, a line that says so."""
    from cuebox.reports.charts import charts_available
    from cuebox.reports.latency import load_test_png, load_test_svg

    if not report.completed:
        return
    if not charts_available():
        sys.stderr.write("no picture: pip install 'cuebox[reports]'\n")
        return
    took, came = generator.recorder.latencies(), generator.recorder.finished()
    offered = f"{report.rate:g} requests/s offered" if report.rate else f"{report.clients} clients"
    title = f"{report.requests_per_second:,.0f} answers/s, {offered}"
    (output / "latency.svg").write_text(load_test_svg(took, came, title=title), encoding="utf-8")
    (output / "latency.png").write_bytes(load_test_png(took, came, title=title))


def _print(report: LoadReport) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(
        f"{report.requests_per_second:,.0f} requests/s: {report.completed:,} of "
        f"{report.offered:,} answered in {report.seconds:.1f} s"
    )
    if report.failed:
        console.print("failed: " + ", ".join(f"{n:,} {why}" for why, n in report.failed.items()))
    table = Table("milliseconds", "mean", "p50", "p90", "p99", "p99.9", "max")
    for name, row in (
        ("latency", report.latency_ms),
        ("service time", report.service_ms),
        ("to first byte", report.first_byte_ms),
    ):
        if row is not None:
            cells = (row.mean, row.p50, row.p90, row.p99, row.p999, row.max)
            table.add_row(name, *(f"{value:.2f}" for value in cells))
    console.print(table)
