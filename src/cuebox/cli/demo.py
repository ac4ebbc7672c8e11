"""`cuebox demo`: train heads and replies on the starter encoder, serve them and the starters."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import cuebox
from cuebox.cli.desktop import has_desktop, is_ready, open_when_ready
from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from cuebox.core.ports import ModelStore
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.kinds.reply.settings import ReplySettings
    from cuebox.store.model_store import ObjectModelStore

__all__ = ["app"]

app = typer.Typer()

_GOODBYE = """
[bold]The studio[/]: {url}

[bold]Or by hand[/] (in another terminal):

  curl -s {url}/v1/classify -H 'Content-Type: application/json' \\
    -d '{{"model": "banking77", "input": "my card still has not arrived"}}'

  curl -s {url}/v1/classify -H 'Content-Type: application/json' \\
    -d '{{"model": "*", "input": ["a burger and a coke please", "what is the meaning of life"]}}'

  curl -s {url}/v1/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "writer", "prompt": "She opened the door and saw th", "n": 3, "stop_at": "clause"}}'

  curl -s {url}/v1/suggest -H 'Content-Type: application/json' \\
    -d '{{"conversation": [{{"role": "user", "text": "Hi, I forgot how to take my medicine"}}],
         "draft": "Could I g", "max_time_ms": 200}}'

[bold]Look around[/]: {url}/docs (the API), {url}/v1/models, {url}/metrics; the reports are in {runs}
"""


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to serve on, 127.0.0.1 only.")] = 8080,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(".cuebox"),
    serve: Annotated[bool, typer.Option(help="Serve when the models are trained.")] = True,
    browser: Annotated[
        bool | None,
        typer.Option(help="Open the studio in a browser; left out, where there is a desktop."),
    ] = None,
) -> None:
    """Train four classifiers and a reply model, and serve them beside the starter models."""
    from rich.console import Console

    from cuebox.store.opening import open_store

    console = Console(stderr=True)
    root = _clone()
    url = str(folder / "store")
    store = open_store(url, cache_dir=folder / "cache")
    _copy_starters(root / "starter", store, folder)
    for config in sorted((root / "examples" / "demo").glob("*.toml")):
        _train(config, store, url, folder / "runs", console)
    _list_answers(root / "examples" / "demo_answers.toml", folder / "answers", url)
    if serve:
        address = f"http://127.0.0.1:{port}"
        words = _GOODBYE.format(url=address, runs=folder / "runs")
        console.print(words, highlight=False, soft_wrap=True)
        show = has_desktop() if browser is None else browser
        raise typer.Exit(_serve(url, port, folder / "answers", address if show else None))


def _serve(url: str, port: int, answers: Path, show: str | None) -> int:
    """Serve in a fresh process, which what training imported does not weigh down.

    `show` is the address to open in a browser once it is ready.
    """
    arguments = ["-m", "cuebox.cli", "serve", "--store", url, "--port", str(port)]
    arguments += ["--answers", str(answers)]
    # Whoever answers there already is another server: this one will say that its port is taken.
    if show is not None and is_ready(show):
        show = None
    process = subprocess.Popen([sys.executable, *arguments])
    # Ctrl-C reaches both; the server ends itself and this process waits for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    if show is not None:
        open_when_ready(show, lambda: process.poll() is None)
    return process.wait()


def _clone() -> Path:
    """The clone this package is installed from."""
    root = Path(cuebox.__file__).resolve().parents[2]
    if not (root / "examples" / "demo").is_dir():
        raise ConfigError("the demo's data is in the repository: run `make demo` in a clone")
    return root


def _copy_starters(starter: Path, store: ObjectModelStore, folder: Path) -> None:
    from cuebox.store.copying import copy_version
    from cuebox.store.opening import open_store
    from cuebox.store.references import resolve

    source = open_store(starter, cache_dir=folder / "cache")
    for name in source.names():
        newest = resolve(source, name)
        if newest.version not in store.versions(name):
            copied = copy_version(source, store, name, newest.version)
            store.move_alias(
                name, "production", copied.version, actor="demo", reason="starter model"
            )


def _train(config: Path, store: ModelStore, url: str, runs: Path, console: Console) -> None:
    """Train one model, unless these very settings are in production already."""
    from cuebox.cli.train import train
    from cuebox.core.digests import sha256_data

    settings = _settings(config)
    record = store.aliases(settings.name).get("production")
    if record is not None and record.version is not None:
        manifest = store.manifest(settings.name, record.version)
        if manifest.provenance.config_digest == sha256_data(settings):
            console.print(f"[bold]{settings.name}[/] is trained already", highlight=False)
            return
    train(config, promote="yes", overrides=None, store=url, runs=runs, settings_file=None)


def _list_answers(config: Path, folder: Path, url: str) -> None:
    """Make the list that the demo's reviewer begins with; one that is there has decisions in it."""
    from cuebox.cli.replies import extract

    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "star.csv"
    if not out.exists():
        extract(config, out=out, page=None, overrides=None, store=url, settings_file=None)


def _settings(config: Path) -> ClassifierSettings | ReplySettings:
    from cuebox.kinds.classifier.settings import load_classifier_settings
    from cuebox.kinds.reply.settings import load_reply_settings
    from cuebox.training.settings_file import read_settings_file

    if read_settings_file(config, {}).get("kind") == "reply":
        return load_reply_settings(config)
    return load_classifier_settings(config, {})
