"""`cuebox promote`: put a version into service by moving an alias."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuebox.cli.output import print_json
from cuebox.core.errors import InvalidRequest, UnknownModel

if TYPE_CHECKING:
    from cuebox.core.ports import ModelStore

__all__ = ["app"]

app = typer.Typer()


@app.command()
def promote(
    name: Annotated[str, typer.Argument(help="A model, or name@alias to promote what that is.")],
    version: Annotated[str | None, typer.Argument(help="Default: the newest.")] = None,
    alias: Annotated[str, typer.Option(help="Which alias to move.")] = "production",
    reason: Annotated[str, typer.Option(help="Kept in the history.")] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the model out of service instead.")
    ] = False,
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Move an alias to a version; nothing happens when it is there already."""
    from cuebox.cli.store import open_configured
    from cuebox.training.environment import current_user

    opened = open_configured(config, store)
    model, chosen = _choose(opened, name, version)
    goal = None if withdraw else opened.manifest(model, chosen).version
    record = opened.aliases(model).get(alias)
    moved = record is None or record.version != goal
    if moved:
        expected = record.number if record is not None else 0
        record = opened.move_alias(
            model, alias, goal, actor=current_user(), reason=reason, expected=expected
        )
    if json:
        print_json(record)
    else:
        state = goal or "out of service"
        sys.stdout.write(f"{model}@{alias} is {'now' if moved else 'already'} {state}\n")


def _choose(store: ModelStore, name: str, version: str | None) -> tuple[str, str]:
    """The version to promote: as given, else what a reference means, else the newest."""
    from cuebox.store import resolve_version

    if "@" in name and version is not None:
        raise InvalidRequest(f"{name!r} says which version already: leave {version!r} out")
    if "@" in name or version is not None:
        return resolve_version(store, name if version is None else f"{name}@{version}")
    versions = store.versions(name)
    if not versions:
        raise UnknownModel(f"no model is called {name!r}: see `cuebox store list`")
    return name, versions[-1]
