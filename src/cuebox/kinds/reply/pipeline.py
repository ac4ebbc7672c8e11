"""From a settings file to a version in production, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.digests import sha256_data
from cuebox.kinds.reply.calibrate import coverage_points
from cuebox.kinds.reply.data import load_data
from cuebox.kinds.reply.evaluate import DRAFT_LENGTHS, exact_figures, rank_drafts
from cuebox.kinds.reply.export import export, finish, load_folder
from cuebox.kinds.reply.fit import fit
from cuebox.training.gates import Verdict, judge
from cuebox.training.publishing import production_version, promote_judged, publish_folder
from cuebox.training.runs import Run, open_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import EmbedTexts, ModelStore
    from cuebox.kinds.reply.body import CoveragePoint
    from cuebox.kinds.reply.examples import Example
    from cuebox.kinds.reply.predict import ReplyPredictor
    from cuebox.kinds.reply.settings import ReplySettings
    from cuebox.training.progress import Progress
    from cuebox.training.publishing import PromoteChoice

__all__ = ["Built", "build", "publish_built"]

# Folder of the version's files within the run's.
_VERSION = "version"
# Moments, and drafts of each, that coverage is measured at.
_COVERAGE_MOMENTS = 1000


@dataclass(frozen=True, slots=True)
class Built:
    """A version ready to be published.

    Attributes:
        folder: its files.
        manifest: with all figures.
        split: that the figures are about.
        answers, moments: how many there were, for a person.
        verdict: of the gates.
        expected: the record of `production` that the gates compared with.
    """

    run: Run
    folder: Path
    manifest: Manifest
    split: str
    answers: int
    moments: int
    verdict: Verdict
    expected: int


def build(
    settings: ReplySettings,
    store: ModelStore,
    embed: EmbedTexts,
    *,
    base: Path,
    runs: Path,
    progress: Progress,
    resume: bool = True,
) -> Built:
    """Read, train, calibrate, export, evaluate what was exported, hold against the gates.

    Args:
        settings: what to train.
        store: where the version in production is.
        embed: the served encoder; it keeps embeddings, so that an interrupted run repeats
            little.
        base: folder that relative paths in the settings start from.
        runs: where run folders go.
        progress: told how far it is.
        resume: carry on an unfinished run with the same settings, data and encoder.

    Raises:
        DataError: the data do not fit the settings.
    """
    data = load_data(settings, base=base, progress=progress)
    key = [sha256_data(settings), data.digest, embed.spec.digest]
    run = open_run(runs, settings.name, key, resume=resume)
    run.log("resumed" if run.resumed else "started")
    folder = run.folder / _VERSION
    fitted = fit(data, settings, embed, progress)
    manifest = export(data, settings, fitted, embed, folder)
    predictor = load_folder(manifest, folder)
    held = data.examples["validation"]
    coverage = _coverage(predictor, embed, held, progress, seed=settings.seed)
    split = "test" if data.examples["test"] else "validation"
    examples = data.examples["test"] or held
    metrics: dict[str, float] = {}
    if examples:
        with progress.stage("Evaluating", len(examples) * len(DRAFT_LENGTHS)) as step:
            metrics = exact_figures(predictor, embed, examples, step)
    manifest = finish(
        manifest,
        folder,
        metrics=metrics,
        coverage=coverage,
        examples=examples or data.examples["train"],
        embed=embed,
    )
    version, expected = production_version(store, settings.name)
    champion = None if version is None else store.manifest(settings.name, version)
    same = champion is not None and champion.provenance.data_digest == data.digest
    verdict = judge(
        metrics,
        settings.gates,
        champion=champion.metrics if champion is not None and same else None,
        champion_name=f"{settings.name}@{version}" if version else "",
    )
    run.write_json("verdict.json", verdict)
    run.finish()
    return Built(run, folder, manifest, split, len(data.answers), len(examples), verdict, expected)


def publish_built(
    built: Built, store: ModelStore, *, promotion: PromoteChoice = "auto"
) -> tuple[Manifest, bool]:
    """Publish a built version; promote it when the gates say so, or when told to.

    Returns:
        The manifest with its version, and whether it was promoted.

    Raises:
        Conflict: another version went into production since the gates were held.
    """
    manifest = publish_folder(store, built.manifest, built.folder)
    promoted = promote_judged(store, manifest, built.verdict, promotion, expected=built.expected)
    return manifest, promoted


def _coverage(
    predictor: ReplyPredictor,
    embed: EmbedTexts,
    held: Sequence[Example],
    progress: Progress,
    *,
    seed: int,
) -> list[CoveragePoint]:
    """Thresholds, from drafts of all lengths that the typist of a replay meets."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(held))[:_COVERAGE_MOMENTS].tolist()
    moments = []
    for row in chosen:
        text = held[row].text
        lengths = {0, int(rng.integers(0, len(text) + 1)), int(rng.integers(0, len(text) + 1))}
        moments += [(held[row], text[:length]) for length in sorted(lengths)]
    with progress.stage("Measuring coverage", len(moments)) as step:
        rankings = rank_drafts(predictor, embed, moments, step)
    scores = np.array([ranking.score for ranking in rankings], np.float64)
    right = np.array([ranking.first for ranking in rankings], bool)
    return coverage_points(scores, right)
