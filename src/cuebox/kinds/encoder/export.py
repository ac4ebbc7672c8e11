"""A checkpoint becomes a version of an encoder: exported, compared, recorded, published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.manifest import (
    GOLDENS_FILE,
    EncoderSpec,
    FileRef,
    Manifest,
    Provenance,
    check_name,
)
from cuebox.kinds.encoder.card import write_card
from cuebox.kinds.encoder.evaluate import measure_speed
from cuebox.kinds.encoder.goldens import record_goldens
from cuebox.training.encoder_source import find_folder, open_source
from cuebox.training.environment import code_revision, command_line, environment
from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE, export_encoder
from cuebox.training.parity import (
    ParityLimits,
    ParityReport,
    check_parity,
    compare_encoders,
    embed_with,
)
from cuebox.training.progress import SilentProgress
from cuebox.training.sentences import parity_sentences
from cuebox.training.torch_reference import torch_embed, torch_is_installed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.ports import Encoder, ModelStore, OpenEncoder
    from cuebox.kinds.encoder.settings import EncoderExportSettings
    from cuebox.training.encoder_source import EncoderSource
    from cuebox.training.parity import Embed
    from cuebox.training.progress import Progress

__all__ = ["CARD_FILE", "PARITY_FILE", "Exported", "export", "publish"]

PARITY_FILE = "parity.json"
CARD_FILE = "card.md"

# What separates a float32 graph from torch is the order of additions, nothing else.
_EXACT = ParityLimits(mean=0.99999, p1=0.9999, min=0.9999)


@dataclass(frozen=True, slots=True)
class Exported:
    """A version that is ready to publish; its files lie under `folder`.

    Attributes:
        speed: milliseconds of one text on one core, by tokens.
    """

    manifest: Manifest
    folder: Path
    parity: list[ParityReport]
    speed: Mapping[int, float]


def export(
    name: str,
    settings: EncoderExportSettings,
    folder: Path,
    open_encoder: OpenEncoder,
    progress: Progress | None = None,
) -> Exported:
    """Export, compare with the checkpoint on real sentences, record goldens, write the card.

    Args:
        folder: where the version's files are written.
        open_encoder: opens what was exported with the engine that will serve it.

    Raises:
        ConfigError: the source cannot be found.
        ModelError: the source cannot be exported.
        ParityError: the result misses `settings.limits`.
    """
    check_name(name)
    shown = progress or SilentProgress()
    with shown.stage("read and quantise", 1) as step:
        source = open_source(
            settings.source,
            pooling=settings.pooling,
            normalize=settings.normalize,
            max_tokens=settings.max_tokens,
        )
        spec = export_encoder(source, folder, quantization=settings.quantization)
        step(1)
    embed, encoder = _open(spec, folder, open_encoder)
    reports = _compare(settings, source, embed, open_encoder, shown)
    with shown.stage("goldens and speed", 2) as step:
        _write_json(folder / GOLDENS_FILE, record_goldens(embed, settings.text))
        step(1)
        speed = measure_speed(encoder)
        step(1)
    encoder.close()
    _write_json(folder / PARITY_FILE, reports)
    manifest = _manifest(name, settings, spec, reports, speed)
    card = write_card(
        manifest,
        origin=source.origin,
        license_name=settings.license,
        parity=reports,
        speed=speed,
    )
    (folder / CARD_FILE).write_text(card, encoding="utf-8")
    return Exported(_with_files(manifest, folder), folder, reports, speed)


def publish(exported: Exported, store: ModelStore) -> Manifest:
    """Put the files into the store and publish; returns the manifest with its version."""
    for path in exported.manifest.files:
        store.put_file(exported.folder / path)
    return store.publish(exported.manifest)


def _open(spec: EncoderSpec, folder: Path, open_encoder: OpenEncoder) -> tuple[Embed, Encoder]:
    tokenizer, encoder = open_encoder(spec, folder / MODEL_FILE, folder / TOKENIZER_FILE)
    return embed_with(tokenizer, encoder), encoder


def _compare(
    settings: EncoderExportSettings,
    source: EncoderSource,
    embed: Embed,
    open_encoder: OpenEncoder,
    progress: Progress,
) -> list[ParityReport]:
    """Served against torch, and float32 against torch; or served against float32."""
    against_torch = settings.reference == "torch" or (
        settings.reference == "auto" and torch_is_installed()
    )
    served = settings.quantization
    reports = []
    with TemporaryDirectory() as scratch:
        spec = export_encoder(source, Path(scratch), quantization="float32")
        exact, session = _open(spec, Path(scratch), open_encoder)
        judge, judged_by = exact, "float32"
        if against_torch:
            judge, judged_by = torch_embed(find_folder(settings.source), source), "torch"
            reports.append(_report(judge, exact, ("torch", "float32"), progress))
            check_parity(reports[-1], _EXACT)
        if (served, judged_by) != ("float32", "torch"):
            reports.append(_report(judge, embed, (judged_by, served), progress))
        session.close()
    check_parity(reports[-1], settings.limits)
    return reports


def _report(
    reference: Embed, candidate: Embed, names: tuple[str, str], progress: Progress
) -> ParityReport:
    texts = parity_sentences()
    with progress.stage(f"{names[1]} against {names[0]}", 3 * len(texts)) as step:
        return compare_encoders(reference, candidate, texts, names=names, progress=step)


def _manifest(
    name: str,
    settings: EncoderExportSettings,
    spec: EncoderSpec,
    reports: list[ParityReport],
    speed: Mapping[int, float],
) -> Manifest:
    metrics = {f"milliseconds_{length}_tokens": round(ms, 4) for length, ms in speed.items()}
    metrics["parity_mean"] = round(reports[-1].mean, 6)
    metrics["parity_min"] = round(reports[-1].min, 6)
    return Manifest(
        kind="encoder",
        name=name,
        files={},
        encoder=spec,
        body={
            "source": settings.source,
            "license": settings.license,
            "text": msgspec.to_builtins(settings.text),
        },
        metrics=metrics,
        provenance=Provenance(
            command=command_line(),
            code_revision=code_revision(),
            config_digest=sha256_data(settings),
            environment=environment(("onnx", "torch", "transformers")),
        ),
    )


def _with_files(manifest: Manifest, folder: Path) -> Manifest:
    paths = (MODEL_FILE, TOKENIZER_FILE, GOLDENS_FILE, PARITY_FILE, CARD_FILE)
    files = {path: FileRef.of(folder / path) for path in paths}
    return msgspec.structs.replace(manifest, files=files)


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
