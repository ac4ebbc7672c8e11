"""Progress bars and tables for a person at a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.table import Table

    from cuebox.core.manifest import Manifest
    from cuebox.reports.scores import ClassificationScores
    from cuebox.training.gates import Verdict
    from cuebox.training.progress import Step

__all__ = ["TerminalProgress", "metrics_table", "print_published"]

_SHOWN = (
    "accuracy",
    "subset_accuracy",
    "weighted_f1",
    "macro_f1",
    "micro_f1",
    "top_3_accuracy",
    "top_5_accuracy",
    "mean_average_precision",
    "ece",
    "out_of_scope_recall",
    "out_of_scope_auroc",
    "out_of_scope_accuracy_with_rejection",
)


class TerminalProgress:
    """Draws each stage as a bar while it runs, and leaves one line with its outcome."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Step]:
        """A bar for one stage; in a pipe or a log only its last line."""
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description:<30}"),
            BarColumn(bar_width=12),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[note]}", style="dim"),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(name, total=max(total, 1), note="")

            def step(advance: int, note: str = "") -> None:
                if note:
                    progress.update(task, advance=advance, note=note)
                else:
                    progress.update(task, advance=advance)

            yield step


def metrics_table(
    title: str,
    scores: ClassificationScores,
    *,
    before: tuple[str, Mapping[str, float]] = ("", {}),
) -> Table:
    """The headline figures, beside those of the version `before` where there is one."""
    from rich.table import Table

    name, earlier = before
    table = Table(title=title, title_justify="left")
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    if earlier:
        table.add_column(name, justify="right")
    figures = scores.flat()
    for metric in _SHOWN:
        if metric not in figures:
            continue
        estimate = scores.metrics.get(metric)
        interval = ""
        if estimate is not None and estimate.low is not None and estimate.high is not None:
            interval = f"{estimate.low:.4f} to {estimate.high:.4f}"
        row = [metric.replace("_", " "), f"{figures[metric]:.4f}", interval]
        if earlier:
            row.append(f"{earlier[metric]:.4f}" if metric in earlier else "")
        table.add_row(*row)
    return table


def print_published(
    console: Console, manifest: Manifest, verdict: Verdict, *, promoted: bool
) -> None:
    """What became of a trained version, and why."""
    console.print(f"Published [bold]{manifest.name}@{manifest.version}[/]", highlight=False)
    for reason in verdict.reasons:
        console.print(f"  {reason}", highlight=False)
    console.print("[green]In production[/]" if promoted else "[yellow]Not in production[/]")
