"""`cuebox store`: look into the model store, check it, copy between stores, collect garbage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cuebox.cli.output import print_json, print_table, readable_size
from cuebox.core.errors import CueboxError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cuebox.core.manifest import Manifest
    from cuebox.store import ObjectModelStore

__all__ = ["app"]

# What a person looks for first, where a version has it.
_HEADLINES = ("accuracy", "subset_accuracy", "weighted_f1", "macro_f1", "parity_mean")

app = typer.Typer(no_args_is_help=True, help="Look into the model store, check it, copy from it.")

Store = Annotated[str | None, typer.Option(help="Folder or URL of the model store.")]
Config = Annotated[Path | None, typer.Option(help="Settings file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Show all versions of this model.")] = None,
    store: Store = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List models with their newest version, or the versions of one model."""
    opened = open_configured(config, store)
    if name is None:
        wanted = [(model, opened.versions(model)[-1]) for model in opened.names()]
    else:
        wanted = [(name, version) for version in opened.versions(name)]
    rows = [_summary(opened, model, version) for model, version in wanted]
    if json:
        print_json(rows)
    elif not rows:
        sys.stdout.write(f"{opened.location} has no {'models' if name is None else name}\n")
    else:
        print_table(("model", "kind", "version", "aliases", "size", "metrics"), rows)


@app.command()
def show(
    reference: Annotated[str, typer.Argument(help="name, name@alias or name@version.")],
    store: Store = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one version: files, metrics, and where it came from."""
    from cuebox.store import resolve

    opened = open_configured(config, store)
    manifest = resolve(opened, reference)
    if json:
        sys.stdout.write(manifest.encode().decode() + "\n")
        return
    row = _summary(opened, manifest.name, manifest.version)
    facts = row | {"created": manifest.created, **_origin(manifest)}
    for fact, value in facts.items():
        if value:
            sys.stdout.write(f"{fact:15} {value}\n")
    sys.stdout.write("\n")
    files = [
        {"file": path, "size": readable_size(ref.size), "sha256": ref.sha256}
        for path, ref in sorted(manifest.files.items())
    ]
    print_table(("file", "size", "sha256"), files)


@app.command()
def history(
    name: Annotated[str, typer.Argument(help="A model.")],
    alias: Annotated[str, typer.Option(help="Which alias.")] = "production",
    store: Store = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show every move of an alias, oldest first."""
    import msgspec

    records = open_configured(config, store).history(name, alias)
    if json:
        print_json(records)
    elif not records:
        sys.stdout.write(f"{name}@{alias} was never set\n")
    else:
        rows = [msgspec.structs.asdict(record) for record in records]
        print_table(("number", "version", "at", "actor", "reason"), rows)


@app.command()
def verify(
    references: Annotated[list[str] | None, typer.Argument(help="All versions if none.")] = None,
    store: Store = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Read every byte of the given versions and compare digests; exit status 1 if one differs."""
    from cuebox.store import resolve_version

    opened = open_configured(config, store)
    wanted: Iterable[tuple[str, str]] = (
        [resolve_version(opened, reference) for reference in references]
        if references
        else ((name, version) for name in opened.names() for version in opened.versions(name))
    )
    found = [{"version": f"{n}@{v}", "error": _error_of(opened, n, v)} for n, v in wanted]
    damaged = [row for row in found if row["error"]]
    if json:
        print_json(found)
    else:
        for row in damaged:
            sys.stdout.write(f"damaged: {row['error']}\n")
        sys.stdout.write(f"{len(found) - len(damaged)} of {len(found)} versions are whole\n")
    if damaged:
        raise typer.Exit(1)


@app.command()
def gc(
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that unused blobs are kept at least.")
    ] = 3600.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    store: Store = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove blobs that no version needs; safe beside publishers that take less than the grace."""
    opened = open_configured(config, store)
    report = opened.collect_garbage(grace_seconds=grace, dry_run=dry_run)
    if json:
        print_json(report)
        return
    done = "would be removed" if dry_run else "removed"
    sys.stdout.write(
        f"{len(report['removed'])} blobs ({readable_size(report['bytes'])}) {done}, {report['kept']} in "
        f"use, {report['young']} unused but younger than {grace:g} s\n"
    )


@app.command()
def copy(
    references: Annotated[list[str], typer.Argument(help="name, name@alias or name@version.")],
    source: Annotated[str | None, typer.Option("--from", help="Folder or URL.")] = None,
    target: Annotated[str | None, typer.Option("--to", help="Folder or URL.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy versions between stores; the side that is not given is the configured store."""
    from cuebox.store import copy_version, resolve_version

    origin, goal = open_configured(config, source), open_configured(config, target)
    if origin.location == goal.location:
        raise InvalidRequest(f"both stores are {origin.location}: give --from or --to", param="to")
    wanted = [resolve_version(origin, reference) for reference in references]
    copied = [copy_version(origin, goal, name, version) for name, version in wanted]
    if json:
        print_json([{"name": each.name, "version": each.version} for each in copied])
        return
    for (name, version), manifest in zip(wanted, copied, strict=True):
        renamed = "" if version == manifest.version else f" as {manifest.version}"
        sys.stdout.write(f"{name}@{version} is in {goal.location}{renamed}\n")


def open_configured(config: Path | None, url: str | None) -> ObjectModelStore:
    """The configured store, or the one at `url`."""
    from cuebox.app.settings import load_settings
    from cuebox.store import open_store

    where = load_settings(config, {"store.url": url}).store
    return open_store(
        where.url,
        cache_dir=where.cache_dir,
        options=where.options,
        client_options=where.client_options,
    )


def _summary(store: ObjectModelStore, name: str, version: str) -> dict[str, Any]:
    """A row of the list; a damaged manifest is a row as well, not the end of the list."""
    row = {"model": name, "kind": "", "version": version, "aliases": "", "size": "", "metrics": ""}
    try:
        manifest = store.manifest(name, version)
        aliases = store.aliases(name)
    except CueboxError as error:
        return row | {"metrics": f"damaged: {error.message}"}
    in_force = [alias for alias, record in aliases.items() if record.version == version]
    shown = [key for key in _HEADLINES if key in manifest.metrics][:3]
    metrics = (f"{key} {manifest.metrics[key]:.4g}" for key in shown or list(manifest.metrics)[:3])
    return row | {
        "kind": manifest.kind,
        "aliases": ", ".join(in_force),
        "size": readable_size(
            sum({ref.sha256: ref.size for ref in manifest.files.values()}.values())
        ),
        "metrics": ", ".join(metrics),
    }


def _origin(manifest: Manifest) -> dict[str, str]:
    origin = manifest.provenance
    return {
        "command": origin.command,
        "code": origin.code_revision,
        "config digest": origin.config_digest,
        "data digest": origin.data_digest,
        "encoder digest": manifest.encoder.digest if manifest.encoder else "",
    }


def _error_of(store: ObjectModelStore, name: str, version: str) -> str | None:
    try:
        store.verify(name, version)
    except CueboxError as error:
        return error.message
    return None
