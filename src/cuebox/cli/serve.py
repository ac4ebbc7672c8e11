"""`cuebox serve`: answer over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cuebox.api.settings import ServerSettings
    from cuebox.app.settings import Settings

__all__ = ["app"]

app = typer.Typer()


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings; cuebox.toml where it is.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Model store: folder or URL.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="NAME, NAME@ALIAS or NAME@VERSION; repeatable."),
    ] = None,
    answers: Annotated[
        str | None, typer.Option(help="Folder of answer lists that may be reviewed.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", help="Port (8080); 0: free.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", "-w", help="Processes (1).")] = None,
    keys_file: Annotated[str | None, typer.Option(help="API keys (.cuebox/keys.json).")] = None,
    tls_certificate: Annotated[str | None, typer.Option(help="PEM certificate chain.")] = None,
    tls_private_key: Annotated[str | None, typer.Option(help="PEM private key.")] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, json or text.")] = None,
    access_sample: Annotated[
        float | None, typer.Option(help="Share of good requests that are logged (1.0).")
    ] = None,
    insecure_no_auth: Annotated[
        bool, typer.Option("--insecure-no-auth", help="Ask for no API key on any address.")
    ] = False,
) -> None:
    """Serve the models of a store until SIGTERM, then drain."""
    # Before numpy is loaded, here and in the workers that inherit it: a second BLAS thread would
    # fight the encoder for its core, and a product of one row gains nothing from it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cuebox.api.settings import ServerSettings
    from cuebox.app.settings import convert_section, load_settings

    overrides: dict[str, Any] = {
        "store.url": store,
        "serving.models": model,
        "answers.folder": answers,
        "server.host": host,
        "server.port": port,
        "server.workers": workers,
        "server.auth.keys_file": keys_file,
        "server.auth.mode": "off" if insecure_no_auth else None,
        "server.tls.certificate": tls_certificate,
        "server.tls.private_key": tls_private_key,
        "server.logs.format": log_format,
        "server.logs.access_sample": access_sample,
    }
    settings = load_settings(config, overrides)
    server = convert_section(settings.server, ServerSettings, "server")
    raise typer.Exit(_run(settings, server))


def _run(settings: Settings, server: ServerSettings) -> int:
    from cuebox.api.launch import launch

    return launch(settings, server)
