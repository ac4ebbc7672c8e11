"""`cuebox log`: what was suggested and what became of it."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Read the log of suggestions and feedback.")


@app.callback()
def _log() -> None:
    """Read the log of suggestions and feedback."""


@app.command("export")
def export_(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; standard output by default.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="From this day or moment on, as 2026-11-21T09:00; UTC.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this day or moment.")] = None,
    url: Annotated[str | None, typer.Option(help="Log; the settings' own by default.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Settings file.")] = None,
) -> None:
    """Write suggestions with the feedback they got, as JSON lines, oldest first."""
    from cuebox.app.settings import load_settings
    from cuebox.inference_log.reading import export, read_log

    where = load_settings(config, {"inference_log.url": url}).inference_log.url
    first, end = _moment(since, "since", 0.0), _moment(until, "until", math.inf)
    lines = export(read_log(where, since=first, until=end))
    if output is None:
        _write(lines, sys.stdout.buffer)
        return
    with output.open("wb") as file:
        count = _write(lines, file)
    sys.stderr.write(f"{count} suggestions are in {output}\n")


def _write(lines: Iterable[bytes], file: BinaryIO) -> int:
    count = 0
    for line in lines:
        file.write(line)
        count += 1
    return count


def _moment(text: str | None, option: str, otherwise: float) -> float:
    """Unix seconds of an ISO 8601 date or time; without a zone, of UTC."""
    if text is None:
        return otherwise
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest(
            f"--{option} is {text!r}: use a date or time as 2026-11-21 or 2026-11-21T09:00",
            param=option,
        ) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
