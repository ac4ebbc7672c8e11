"""`cuebox train`: from a settings file to a version in production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cuebox.cli.overrides import parse_overrides
from cuebox.core.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from cuebox.app.settings import Settings
    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.ports import EmbedTexts, ModelStore
    from cuebox.kinds.classifier.pipeline import Built
    from cuebox.kinds.classifier.settings import ClassifierSettings

__all__ = ["app"]

app = typer.Typer()


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="The model's settings, a TOML file.")],
    publish: Annotated[bool, typer.Option(help="Publish the version to the store.")] = True,
    promote: Annotated[
        Literal["auto", "yes", "no"],
        typer.Option(help="Put it into production: when the gates pass, anyway, or not."),
    ] = "auto",
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; repeatable."),
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder for the runs.")] = Path("runs"),
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="cuebox.toml to use.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Carry on an interrupted run.")] = True,
    finish: Annotated[
        bool, typer.Option("--finish", help="Let a language model's training end early.")
    ] = False,
) -> None:
    """Train a classifier, a language or a reply model, report, publish, promote when it is good.

    Interrupted, the same command carries on where it stopped.
    """
    from rich.console import Console

    from cuebox.app.build import open_store
    from cuebox.app.settings import load_settings

    changed = parse_overrides(overrides or [])
    kind = _kind(config, changed)
    if finish and kind != "completion":
        raise ConfigError(f"--finish is for language models: training a {kind} has an end")
    settings = load_settings(settings_file, {"store.url": store})
    opened = open_store(settings)
    console = Console(stderr=True)
    try:
        if kind == "completion":
            from cuebox.cli.train_completion import train_completion

            folder = train_completion(
                config,
                changed,
                settings,
                opened,
                console,
                runs=runs,
                resume=resume,
                finish=finish,
                publish=publish,
                promotion=promote,
            )
        else:
            from cuebox.cli.train_reply import train_reply

            train_model = train_reply if kind == "reply" else _train_classifier
            folder = train_model(
                config,
                changed,
                settings,
                opened,
                console,
                runs=runs,
                resume=resume,
                publish=publish,
                promotion=promote,
            )
    except KeyboardInterrupt:
        console.print("Interrupted: the same command carries on where it stopped.")
        raise
    page = folder / "report.html"
    console.print(f"Report: {page if page.exists() else folder}", soft_wrap=True)


def _kind(config: Path, overrides: dict[str, str]) -> str:
    from cuebox.training.settings_file import read_settings_file

    kind = read_settings_file(config, overrides).get("kind", "classifier")
    if kind not in {"classifier", "completion", "reply"}:
        raise ConfigError(
            f"{config}: kind is {kind!r}; use 'classifier', 'completion' or 'reply'", param="kind"
        )
    return str(kind)


def _train_classifier(
    config: Path,
    overrides: dict[str, str],
    settings: Settings,
    store: ModelStore,
    console: Console,
    *,
    runs: Path,
    resume: bool,
    publish: bool,
    promotion: Literal["auto", "yes", "no"],
) -> Path:
    """Train, report and publish; returns the folder of the version's files."""
    from cuebox.kinds.classifier.settings import load_classifier_settings

    model = load_classifier_settings(config, overrides)
    encoder = f"{model.finetune.base}, fine-tuned" if model.finetune.enabled else model.encoder
    console.print(f"[bold]{model.name}[/] on {encoder}", highlight=False)
    built, expected = _build(model, settings, store, config.parent, runs, console, resume=resume)
    _print_summary(built, console)
    if publish:
        _publish(built, store, promotion, expected, console)
    return built.folder


def _build(
    model: ClassifierSettings,
    settings: Settings,
    store: ModelStore,
    base: Path,
    runs: Path,
    console: Console,
    *,
    resume: bool,
) -> tuple[Built, int]:
    """The built version, and the record of `production` that it was held against."""
    from cuebox.cli.terminal import TerminalProgress
    from cuebox.kinds.classifier.champion import find_champion
    from cuebox.kinds.classifier.pipeline import build
    from cuebox.training.publishing import production_version

    encoders = _Encoders(settings, store)
    _, expected = production_version(store, model.name)
    built = build(
        model,
        encoders,
        base=base,
        runs=runs,
        progress=TerminalProgress(console),
        champion=find_champion(store, model.name, encoders),
        resume=resume,
    )
    return built, expected


class _Encoders:
    """Encoders opened with the configured engine, embeddings cached on disk."""

    def __init__(self, settings: Settings, store: ModelStore) -> None:
        self._settings = settings
        self._store = store

    def stored(self, reference: str) -> EmbedTexts:
        from cuebox.app.build import text_embedder

        return text_embedder(self._settings, self._store, reference)

    def exported(self, spec: EncoderSpec, model: Path, tokenizer: Path) -> EmbedTexts:
        from cuebox.app.build import encoder_opener, worker_count
        from cuebox.training.embedder import CachedEmbedder

        opened, session = encoder_opener(self._settings)(spec, model, tokenizer)
        return CachedEmbedder(opened, session, cache=None, workers=worker_count(self._settings))


def _publish(
    built: Built,
    store: ModelStore,
    promotion: Literal["auto", "yes", "no"],
    expected: int,
    console: Console,
) -> None:
    from cuebox.cli.terminal import print_published
    from cuebox.kinds.classifier.pipeline import publish

    manifest, promoted = publish(built, store, promotion=promotion, expected=expected)
    print_published(console, manifest, built.verdict, promoted=promoted)


def _print_summary(built: Built, console: Console) -> None:
    from cuebox.cli.terminal import metrics_table

    if not built.report.scores:
        console.print("No held-out rows: nothing was measured.")
        return
    split = built.report.main_split
    scores = built.report.scores[split]
    title = f"{built.manifest.name} on {scores.rows:,} {split} rows"
    before = (built.report.baseline_name, built.report.baseline)
    console.print(metrics_table(title, scores, before=before))
    console.print(f"Head: {built.report.model.head}", highlight=False)
