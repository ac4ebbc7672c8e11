"""`cuebox evaluate`: how good a published version is on data that it has never seen."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cuebox.core.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore
    from cuebox.kinds.classifier.data import Part
    from cuebox.kinds.classifier.predict import ClassifierPredictor
    from cuebox.reports.scores import ClassificationScores

__all__ = ["app"]

app = typer.Typer()


@app.command()
def evaluate(
    model: Annotated[
        str, typer.Argument(help="Model reference, or the TOML file it was trained from.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled rows, or conversations; else the data of the TOML file."),
    ] = None,
    text: Annotated[str, typer.Option(help="Column of the text, with --data.")] = "text",
    label: Annotated[str, typer.Option(help="Column of the label, with --data.")] = "label",
    separator: Annotated[
        str | None, typer.Option(help="What separates several labels in a cell, with --data.")
    ] = None,
    split: Annotated[
        Literal["train", "validation", "test"],
        typer.Option(help="Part of the TOML file's data to use."),
    ] = "test",
    sample: Annotated[
        int | None, typer.Option(min=1, help="Reply model: so many conversations, not all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Reply model: which conversations.")] = 0,
    replies: Annotated[int, typer.Option(min=1, max=20, help="Reply model: shown at most.")] = 3,
    completions: Annotated[
        bool, typer.Option(help="Reply model: with the completion model beside it.")
    ] = True,
    baselines: Annotated[
        bool, typer.Option(help="Reply model: compare with what does without a model.")
    ] = True,
    workers: Annotated[
        int, typer.Option(min=1, help="Reply model: conversations typed at once.")
    ] = 4,
    url: Annotated[
        str, typer.Option(help="Reply model: ask this running server, as http://127.0.0.1:8080.")
    ] = "",
    api_key: Annotated[
        str, typer.Option(envvar="CUEBOX_API_KEY", help="API key for that server.")
    ] = "",
    runs: Annotated[Path, typer.Option(help="Reply model: folder for the runs.")] = Path("runs"),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for report.json and report.html.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    store: Annotated[str | None, typer.Option(help="Folder or URL of the model store.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="cuebox.toml to use.")
    ] = None,
) -> None:
    """Measure a published version with what the server runs.

    A classifier is measured on labelled rows. With a reply model, held-out conversations are typed
    again key by key, to see how much typing its suggestions save; interrupted, the same command
    carries on where it stopped.
    """
    from cuebox.app.build import open_store, text_embedder
    from cuebox.app.settings import load_settings
    from cuebox.kinds.classifier.evaluate import evaluate as score
    from cuebox.kinds.classifier.evaluate import predict_with

    settings = load_settings(settings_file, {"store.url": store})
    opened = open_store(settings)
    config = Path(model) if model.endswith(".toml") else None
    if _kind(opened, model, config) == "reply":
        from cuebox.cli.evaluate_reply import evaluate_reply
        from cuebox.cli.reply_models import ReplyOptions

        asked = ReplyOptions(
            split=split, sample=sample, seed=seed, replies=replies, completions=completions,
            baselines=baselines, workers=workers, url=url, key=api_key,
        )  # fmt: skip
        evaluate_reply(
            model, data, asked, settings, opened, runs=runs, output=output, as_json=as_json
        )
        return
    predictor = _load(opened, model if config is None else _name(config))
    if data is not None:
        part = _read_rows(data, predictor, text=text, label=label, separator=separator)
    elif config is not None:
        part = _read_split(config, predictor, split)
    else:
        raise ConfigError(f"which rows? Give --data FILE, or the TOML file instead of {model!r}")
    manifest = predictor.manifest
    reference = f"{manifest.name}@{manifest.version}"
    predict = predict_with(predictor, text_embedder(settings, opened, reference))
    scores = score(predict, part, predictor.body.labels, task=predictor.body.task)
    if output is not None:
        _write_report(manifest, scores, split if data is None else "test", output)
    _print(reference, scores, as_json=as_json)


def _kind(store: ModelStore, model: str, config: Path | None) -> str:
    if config is None:
        from cuebox.store.references import resolve

        return resolve(store, model).kind
    from cuebox.training.settings_file import read_settings_file

    return str(read_settings_file(config).get("kind", "classifier"))


def _load(store: ModelStore, reference: str) -> ClassifierPredictor:
    from cuebox.kinds.classifier.kind import ClassifierKind
    from cuebox.store.references import resolve

    manifest = resolve(store, reference)
    if manifest.kind != ClassifierKind.name:
        raise ModelError(f"{reference} is a model of kind {manifest.kind!r}, not a classifier")
    return ClassifierKind().load(manifest, lambda file: store.read(manifest.files[file]))


def _name(config: Path) -> str:
    from cuebox.kinds.classifier.settings import load_classifier_settings

    return load_classifier_settings(config).name


def _read_split(config: Path, predictor: ClassifierPredictor, split: str) -> Part:
    """A split of the settings' data, with the labels of the model."""
    from cuebox.kinds.classifier.data import load_rows, make_part
    from cuebox.kinds.classifier.settings import load_classifier_settings

    settings = load_classifier_settings(config)
    rows = getattr(load_rows(settings, base=config.parent), split)
    return make_part(
        rows,
        predictor.body.labels,
        task=predictor.body.task,
        scope_label=settings.out_of_scope.label,
    )


def _read_rows(
    path: Path, predictor: ClassifierPredictor, *, text: str, label: str, separator: str | None
) -> Part:
    from cuebox.inputs import SourceSettings, read_rows
    from cuebox.kinds.classifier.data import make_part

    source = SourceSettings(path=str(path), text=text, label=label, label_separator=separator)
    body = predictor.body
    dropped: Counter[str] = Counter()
    part = make_part(
        read_rows(source, base=Path.cwd()),
        body.labels,
        task=body.task,
        scope_label=body.out_of_scope.label if body.out_of_scope else "",
        dropped=dropped,
    )
    for reason, rows in dropped.items():
        sys.stderr.write(f"cuebox: {rows:,} rows with {reason}\n")
    return part


def _write_report(
    manifest: Manifest, scores: ClassificationScores, split: str, folder: Path
) -> None:
    import msgspec

    from cuebox.reports.classification_page import render_classification_page
    from cuebox.reports.classification_report import ClassificationReport, ModelFacts

    facts = ModelFacts(
        name=manifest.name,
        version=manifest.version,
        created=manifest.created,
        multilabel=scores.multilabel,
        encoder_digest=manifest.encoder.digest if manifest.encoder else "",
    )
    report = ClassificationReport(model=facts, scores={split: scores})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    page = render_classification_page(report)
    (folder / "report.html").write_text(page, encoding="utf-8")


def _print(reference: str, scores: ClassificationScores, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        figures = {"model": reference, "rows": scores.rows, "metrics": scores.flat()}
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
        return
    from rich.console import Console

    from cuebox.cli.terminal import metrics_table

    Console().print(metrics_table(f"{reference} on {scores.rows:,} rows", scores))
