"""Progress bars on standard error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from cuebox.training.progress import Step

__all__ = ["TerminalProgress"]


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
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
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
