"""From a settings file to a version in production, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_data
from cuebox.core.manifest import Provenance
from cuebox.kinds.completion.corpus import read_documents
from cuebox.kinds.completion.evaluate import held_out_places
from cuebox.kinds.completion.export import Exported, Known, export, with_metrics
from cuebox.kinds.completion.export import publish as publish_exported
from cuebox.kinds.completion.export_settings import CompletionExportSettings
from cuebox.kinds.completion.judges import Judges
from cuebox.kinds.completion.report import make_report, write_report
from cuebox.kinds.completion.train import Trained, train
from cuebox.training.environment import code_revision, command_line, environment
from cuebox.training.gates import Verdict, judge
from cuebox.training.publishing import production_version, promote_judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import ModelStore
    from cuebox.kinds.completion.corpus import Document
    from cuebox.kinds.completion.engine import Engine
    from cuebox.kinds.completion.prepare import Prepared
    from cuebox.kinds.completion.settings import CompletionSettings
    from cuebox.reports.language_model_report import LanguageModelReport
    from cuebox.training.held_out import Split
    from cuebox.training.progress import Progress
    from cuebox.training.publishing import PromoteChoice

__all__ = ["Built", "build", "publish_trained"]

# Folder of the version's files within the run's.
_VERSION = "version"


@dataclass(frozen=True, slots=True)
class Built:
    """A trained, judged and exported model, ready to be published."""

    trained: Trained
    report: LanguageModelReport
    exported: Exported
    verdict: Verdict
    expected: int


def build(
    settings: CompletionSettings,
    store: ModelStore,
    engine: Engine,
    *,
    base: Path,
    runs: Path,
    progress: Progress,
    resume: bool = True,
    finish: bool = False,
) -> Built:
    """Train, judge, export, and hold against the gates; interrupted, the same call carries on.

    Args:
        settings: what to train.
        store: where the version in production is.
        engine: what will serve it.
        base: folder that relative paths in the settings start from.
        runs: where run folders go.
        progress: told how far it is.
        resume: carry on an unfinished run.
        finish: let the training end early.
    """
    champion, expected = _champion(store, settings)
    trained = train(settings, base=base, runs=runs, progress=progress, resume=resume, finish=finish)
    split: Split = "test" if trained.prepared.held_out("test") else "validation"
    places = held_out_places(trained.prepared, split, base=base)
    judges = Judges(trained, split, places, progress)
    exported = _export(trained, engine, base=base, progress=progress)
    scores = {settings.name: judges.network()}
    scores["served"] = served = judges.served(exported, engine.open_decoder)
    if settings.evaluation.ngram:
        scores[f"{settings.evaluation.ngram}-gram"] = judges.ngram()
    exported = with_metrics(exported, served.flat())
    report = make_report(trained, scores, split)
    write_report(report, trained, exported.folder)
    verdict = _verdict(exported.manifest.metrics, trained, champion)
    trained.run.write_json("verdict.json", verdict)
    trained.run.finish()
    return Built(trained, report, exported, verdict, expected)


def publish_trained(
    built: Built, store: ModelStore, *, promotion: PromoteChoice = "auto"
) -> tuple[Manifest, bool]:
    """Publish a built version; promote it when the gates say so, or when told to.

    Returns:
        The manifest with its version, and whether it was promoted.

    Raises:
        Conflict: another version went into production since the gates were held.
    """
    manifest = publish_exported(built.exported, store)
    expected = built.expected
    return manifest, promote_judged(store, manifest, built.verdict, promotion, expected=expected)


def _export(trained: Trained, engine: Engine, *, base: Path, progress: Progress) -> Exported:
    settings = trained.settings
    wanted = CompletionExportSettings(
        source=str(trained.model),
        quantization=settings.export.quantization,
        places=settings.export.places,
        max_growth=settings.export.max_growth,
        license=settings.export.license,
    )
    known = Known(
        held_out=list(_validation(trained.prepared, base)),
        description=settings.description,
        source=settings.network.base or "trained from scratch",
        provenance=Provenance(
            command=command_line(),
            code_revision=code_revision(),
            config_digest=sha256_data(settings),
            data_digest=trained.prepared.digest,
            environment=environment(("openvino", "torch", "transformers")),
        ),
    )
    return export(
        settings.name,
        wanted,
        trained.run.folder / _VERSION,
        engine,
        known=known,
        progress=progress,
    )


def _validation(prepared: Prepared, base: Path) -> Iterator[Document]:
    """Documents to set thresholds on; those that figures are about stay unseen."""
    data = prepared.settings.data
    every = (read_documents(one, data, base=base) for one in data.corpora if one.held_out)
    return (one for one in chain.from_iterable(every) if one.split == "validation")


def _verdict(metrics: Mapping[str, float], trained: Trained, champion: Manifest | None) -> Verdict:
    """Hold against the gates; a champion only counts on the same documents."""
    same = champion is not None and champion.provenance.data_digest == trained.prepared.digest
    return judge(
        metrics,
        trained.settings.gates,
        champion=champion.metrics if champion is not None and same else None,
        champion_name=f"{champion.name}@{champion.version}" if champion is not None else "",
    )


def _champion(store: ModelStore, settings: CompletionSettings) -> tuple[Manifest | None, int]:
    """The version in production, and the number of its record."""
    version, number = production_version(store, settings.name)
    return (None if version is None else store.manifest(settings.name, version)), number
