"""`cuebox keys`: create, list and revoke API keys."""

from __future__ import annotations

import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from cuebox.api.keys import ApiKey, KeyFile

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

_UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_FileOption = Annotated[
    Path | None, typer.Option("--file", help="Keys file; the settings' own by default.")
]
_ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="Settings file.")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom it is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, metrics or admin; repeatable.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Requests a second; 0: no limit.")] = 0.0,
    burst: Annotated[int | None, typer.Option(help="Requests at once; the rate.")] = None,
    expires: Annotated[str | None, typer.Option(help="After 30m, 12h, 90d or 4w.")] = None,
    file: _FileOption = None,
    config: _ConfigOption = None,
    json: _JsonOption = False,
) -> None:
    """Create a key and print it, this once."""
    keys = _open(file, config)
    key, token = keys.create(
        name, scopes=scope or ["predict"], rate=rate, burst=burst, expires=_moment(expires)
    )
    if json:
        _print_json({"token": token, **_facts(key)})
        return
    sys.stdout.write(f"{token}\n")
    sys.stderr.write(
        f"key {key.name!r} ({', '.join(key.scopes)}) is in {keys.path}; it is shown only now\n"
    )


@app.command("list")
def list_keys(
    file: _FileOption = None, config: _ConfigOption = None, json: _JsonOption = False
) -> None:
    """List every key, without its secret."""
    keys = _open(file, config).keys()
    if json:
        _print_json([_facts(key) for key in keys])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "name", "scopes", "rate", "created", "state")
    for key in keys:
        limit = f"{key.rate:g}/s, {key.burst} at once" if key.rate else "-"
        created = _date(key.created)
        table.add_row(key.id, key.name, ", ".join(key.scopes), limit, created, _state(key))
    Console().print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Name or id.")],
    file: _FileOption = None,
    config: _ConfigOption = None,
) -> None:
    """Refuse a key from now on; running servers notice within a second."""
    revoked = _open(file, config).revoke(key)
    sys.stdout.write(f"revoked {revoked.name!r} ({revoked.id})\n")


def _open(file: Path | None, config: Path | None) -> KeyFile:
    from cuebox.api.keys import KeyFile
    from cuebox.api.settings import ServerSettings
    from cuebox.app.settings import convert_section, load_settings

    if file is None:
        server = convert_section(load_settings(config).server, ServerSettings, "server")
        file = Path(server.auth.keys_file)
    return KeyFile(file.expanduser())


def _moment(text: str | None) -> float | None:
    """Unix seconds after a span such as `90d`."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if match is None:
        raise InvalidRequest(
            f"--expires {text!r}: write a number and m, h, d or w, such as 90d", param="expires"
        )
    return time.time() + int(match.group(1)) * _UNITS[match.group(2)]


def _state(key: ApiKey) -> str:
    if key.revoked is not None:
        return f"revoked {_date(key.revoked)}"
    if key.expires is None:
        return "active"
    return f"{'active until' if key.active(time.time()) else 'expired'} {_date(key.expires)}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _facts(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "rate": key.rate,
        "burst": key.burst,
        "created": key.created,
        "expires": key.expires,
        "revoked": key.revoked,
    }


def _print_json(value: object) -> None:
    import msgspec

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
