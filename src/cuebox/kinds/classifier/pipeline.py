"""From a settings file to a version in production, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.kinds.classifier.champion import champion_scores
from cuebox.kinds.classifier.data import load_data
from cuebox.kinds.classifier.evaluate import Predict, evaluate, predict_with
from cuebox.kinds.classifier.export import export
from cuebox.kinds.classifier.finetune import finetune
from cuebox.kinds.classifier.finetune_loop import RESUME_STATE
from cuebox.kinds.classifier.kind import HEAD_FILE, ClassifierKind
from cuebox.kinds.classifier.summary import data_summary, model_facts, search_table
from cuebox.kinds.classifier.train import train
from cuebox.reports.classification_report import ClassificationReport
from cuebox.training.gates import Verdict, judge
from cuebox.training.publishing import (
    PromoteChoice,
    production_version,
    promote_judged,
    publish_folder,
)
from cuebox.training.runs import Run, open_run

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import EmbedTexts, ModelStore
    from cuebox.kinds.classifier.champion import Champion, Encoders
    from cuebox.kinds.classifier.data import ClassifierData
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.kinds.classifier.train import Trained
    from cuebox.reports.scores import ClassificationScores
    from cuebox.training.progress import Progress

__all__ = ["Built", "build", "publish"]

# Folder of the version's files within the run's.
_VERSION = "version"


@dataclass(frozen=True, slots=True)
class Built:
    """A version ready to be published.

    Attributes:
        folder: its files.
        champion_metrics: the champion's figures on the same test rows.
    """

    run: Run
    folder: Path
    trained: Trained
    manifest: Manifest
    report: ClassificationReport
    verdict: Verdict
    champion_metrics: dict[str, float] | None


def build(
    settings: ClassifierSettings,
    encoders: Encoders,
    *,
    base: Path,
    runs: Path,
    progress: Progress,
    champion: Champion | None = None,
    resume: bool = True,
) -> Built:
    """Read the data, train, evaluate, export, report, and hold against the gates.

    Args:
        settings: what to train.
        encoders: where encoders come from.
        base: folder that relative paths in the settings start from.
        runs: where run folders go.
        progress: told how far it is.
        champion: the version in production.
        resume: carry on an unfinished run with the same settings, data and encoder.
    """
    with progress.stage("Reading the data", 1) as step:
        data = load_data(settings, base=base)
        step(1, f"{sum(map(len, data.parts().values())):,} rows, {len(data.labels)} labels")
    key = [sha256_data(settings), data.digest]
    embed = None
    if not settings.finetune.enabled:
        embed = encoders.stored(settings.encoder)
        key.append(embed.spec.digest)
    run = open_run(runs, settings.name, key, resume=resume)
    run.log("resumed" if run.resumed else "started")
    folder = run.folder / _VERSION
    if embed is None:
        embed = _finetuned(data, settings, encoders, run, base, progress)
    trained = train(data, settings, embed, run, progress)
    scores, manifest = _evaluate_and_export(trained, embed, folder, progress)
    compared = champion_scores(champion, data, progress)
    report = _report(trained, embed, scores, folder)
    baseline = None
    if champion is not None and compared is not None:
        baseline = compared.flat()
        report = msgspec.structs.replace(report, baseline=baseline, baseline_name=champion.name)
    _write_report(report, trained, folder)
    verdict = judge(
        dict(manifest.metrics),
        settings.gates,
        champion=baseline,
        champion_name=champion.name if champion else "",
    )
    run.write_json("verdict.json", verdict)
    run.finish()
    run.discard(RESUME_STATE)
    return Built(run, folder, trained, manifest, report, verdict, baseline)


def publish(
    built: Built,
    store: ModelStore,
    *,
    promotion: PromoteChoice = "auto",
    expected: int | None = None,
) -> tuple[Manifest, bool]:
    """Publish a built version; promote it when the gates say so, or when told to.

    `expected` is the number of the alias record that the gates compared with (see
    `production_version`): should another version have gone live since, this one is published
    and `Conflict` is raised instead of promoting it unjudged.

    Returns:
        The manifest with its version, and whether it was promoted.
    """
    number = production_version(store, built.manifest.name)[1] if expected is None else expected
    manifest = publish_folder(store, built.manifest, built.folder)
    promoted = promote_judged(store, manifest, built.verdict, promotion, expected=number)
    return manifest, promoted


def _finetuned(
    data: ClassifierData,
    settings: ClassifierSettings,
    encoders: Encoders,
    run: Run,
    base: Path,
    progress: Progress,
) -> EmbedTexts:
    """Fine-tune the encoder and export it into the version's own files."""
    from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE, export_encoder

    checkpoint = settings.finetune.base
    if ":" not in checkpoint:
        checkpoint = str(base / checkpoint)
    source = finetune(data, settings, checkpoint, run, progress)
    folder = run.folder / _VERSION
    with progress.stage("Exporting the encoder", 1) as step:
        spec = export_encoder(source, folder)
        step(1)
    return encoders.exported(spec, folder / MODEL_FILE, folder / TOKENIZER_FILE)


def _evaluate_and_export(
    trained: Trained, embed: EmbedTexts, folder: Path, progress: Progress
) -> tuple[dict[str, ClassificationScores], Manifest]:
    """Export first, so that what is measured is what will be served."""
    held = [name for name in ("validation", "test") if name in trained.data.parts()]
    with progress.stage("Evaluating", len(held) + 1) as step:
        manifest = export(trained, embed, folder, metrics={})
        step(1)
        head = (folder / HEAD_FILE).read_bytes()
        predict = predict_with(ClassifierKind().load(manifest, lambda _: head), embed)
        scores: dict[str, ClassificationScores] = {}
        # After refitting, validation rows have been trained on and say nothing.
        for name in held:
            if name == "validation" and trained.settings.head.refit and "test" in held:
                step(1)
                continue
            scores[name] = _scores(predict, trained.data, name, seed=trained.settings.seed)
            step(1)
    if scores:
        metrics = scores["test" if "test" in scores else "validation"].flat()
        manifest = export(trained, embed, folder, metrics=metrics)
    return scores, manifest


def _scores(
    predict: Predict, data: ClassifierData, split: str, *, seed: int
) -> ClassificationScores:
    return evaluate(predict, data.parts()[split], data.labels, task=data.task, seed=seed)


def _report(
    trained: Trained,
    embed: EmbedTexts,
    scores: dict[str, ClassificationScores],
    folder: Path,
) -> ClassificationReport:
    size = (folder / HEAD_FILE).stat().st_size
    return ClassificationReport(
        model=model_facts(trained, embed.spec, head_bytes=size),
        scores=scores,
        data=data_summary(trained.data, trained),
        learning_curve=trained.curve,
        search=search_table(trained),
    )


def _write_report(report: ClassificationReport, trained: Trained, folder: Path) -> None:
    from cuebox.reports.classification_page import render_classification_page

    encode = msgspec.json.encode
    (folder / "report.json").write_bytes(msgspec.json.format(encode(report), indent=1))
    if trained.curve is not None:
        (folder / "learning_curve.json").write_bytes(encode(trained.curve))
    if report.scores:
        page = render_classification_page(report)
        (folder / "report.html").write_text(page, encoding="utf-8")
