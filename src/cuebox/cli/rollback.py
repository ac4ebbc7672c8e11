"""`cuebox rollback`: put the version before this one back into service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cuebox.cli.output import print_json

__all__ = ["app"]

app = typer.Typer()


@app.command()
def rollback(
    name: Annotated[str, typer.Argument(help="A model.")],
    alias: Annotated[str, typer.Option(help="Which alias to move.")] = "production",
    reason: Annotated[str, typer.Option(help="Kept in the history.")] = "",
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Move an alias back to the version before; again, and it goes further back."""
    from cuebox.cli.store import open_configured
    from cuebox.store import rollback as roll_back
    from cuebox.training.environment import current_user

    record = roll_back(
        open_configured(config, store), name, alias, actor=current_user(), reason=reason
    )
    if json:
        print_json(record)
    else:
        sys.stdout.write(f"{name}@{alias} is back at {record.version}\n")
