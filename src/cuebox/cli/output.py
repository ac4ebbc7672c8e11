"""What verbs print: JSON, tables, sizes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["print_json", "print_table", "readable_size"]


def print_json(value: object) -> None:
    """Write a value as indented JSON to standard output."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as a table to standard output, never cut when that is a file or a pipe."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        cells = (row[column] for column in columns)
        table.add_row(*("" if cell is None else str(cell) for cell in cells))
    on_screen = sys.stdout.isatty()
    console = Console(width=None if on_screen else 1000, markup=False, highlight=False)
    console.print(table)


def readable_size(count: float) -> str:
    """Bytes in the decimal unit that fits, three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError(count)
