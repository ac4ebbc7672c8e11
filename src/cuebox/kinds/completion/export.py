"""A checkpoint becomes a version of a language model: exported, compared, recorded, published."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.core.digests import sha256_data
from cuebox.core.manifest import GOLDENS_FILE, Manifest, Provenance, check_name
from cuebox.kinds.completion.body import CompletionBody
from cuebox.kinds.completion.calibrate import MEASURED, calibrate
from cuebox.kinds.completion.card import write_card
from cuebox.kinds.completion.compare import compare, opened
from cuebox.kinds.completion.goldens import GOLDEN_TEXTS, record_goldens
from cuebox.kinds.completion.kind import CompletionKind
from cuebox.kinds.completion.places import choose_places
from cuebox.kinds.completion.turns import document_text
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_source import open_decoder_source
from cuebox.training.environment import code_revision, command_line, environment
from cuebox.training.progress import SilentProgress
from cuebox.training.publishing import publish_folder
from cuebox.training.sentences import parity_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.ports import ModelStore
    from cuebox.kinds.completion.body import ConfidencePoint
    from cuebox.kinds.completion.corpus import Document
    from cuebox.kinds.completion.engine import Engine
    from cuebox.kinds.completion.export_settings import CompletionExportSettings
    from cuebox.training.decoder_parity import DecoderAgreement
    from cuebox.training.progress import Progress

__all__ = ["CARD_FILE", "PARITY_FILE", "Exported", "Known", "export", "publish", "with_metrics"]

PARITY_FILE = "parity.json"
CARD_FILE = "card.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a model besides its weights.

    Attributes:
        held_out: documents that it was not trained on, to measure loss and confidence on;
            without them confidence is not measured, and loss on sentences of cuebox's own.
        goldens: texts to record; none for cuebox's own.
        description: a sentence or two for the card.
        metrics: figures measured elsewhere.
        provenance: of a trained model; None to note only this command.
        source: where the weights came from; empty for what the checkpoint calls itself.
    """

    held_out: Sequence[Document] = ()
    goldens: Sequence[str] = ()
    description: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    provenance: Provenance | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A version that is ready to publish.

    Attributes:
        manifest: its files are those below `folder`.
        parity: comparisons made; the last is about what is served.
        parameters: of the model, before quantisation.
        description: a sentence or two for the card.
    """

    manifest: Manifest
    folder: Path
    parity: list[DecoderAgreement]
    parameters: int
    description: str


def export(
    name: str,
    settings: CompletionExportSettings,
    folder: Path,
    engine: Engine,
    *,
    known: Known | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Export, compare with the checkpoint, record goldens, measure confidence, write the card.

    Args:
        folder: where the version's files are written.
        engine: opens what was exported.

    Raises:
        ConfigError: the source cannot be found.
        ModelError: the source cannot be exported.
        ParityError: the result is not what the checkpoint computes, or loses too much.
    """
    check_name(name)
    known, shown = known or Known(), progress or SilentProgress()
    source = open_decoder_source(settings.source, tokenizer=settings.tokenizer or None)
    with shown.stage(f"export {settings.quantization}", len(source.tensors)) as step:
        spec = export_decoder(
            source, folder, quantization=settings.quantization, group=settings.group, step=step
        )
    with opened(spec, folder, engine.open_decoder) as (tokenizer, reader):
        texts = [tokenizer.encode(text) for text in _held_out_texts(known)]
        parity = compare(settings, source, (spec, folder), reader, texts, engine, shown)
        goldens = record_goldens(reader, tokenizer, known.goldens or GOLDEN_TEXTS)
    confidence = _confidence(settings, known, spec, folder, engine, shown)
    _write_json(folder / GOLDENS_FILE, goldens)
    _write_json(folder / PARITY_FILE, parity)
    body = CompletionBody(
        source=known.source or source.origin,
        license=settings.license,
        turns=_of_turns(known.held_out),
        confidence=confidence,
    )
    manifest = Manifest(
        kind=CompletionKind.name,
        name=name,
        files={DECODER_WEIGHTS_FILE: spec.weights, DECODER_TOKENIZER_FILE: spec.tokenizer},
        decoder=spec,
        body=msgspec.to_builtins(body),
        metrics=_metrics(parity),
        provenance=known.provenance or _provenance(settings),
    )
    exported = Exported(manifest, folder, parity, source.shape.parameters, known.description)
    return with_metrics(exported, known.metrics)


def with_metrics(exported: Exported, metrics: Mapping[str, float]) -> Exported:
    """The version with more figures in its manifest, and all of them on its card."""
    merged = exported.manifest.metrics | dict(metrics)
    exported = replace(
        exported, manifest=msgspec.structs.replace(exported.manifest, metrics=merged)
    )
    card = write_card(
        exported.manifest,
        parameters=exported.parameters,
        agreements=exported.parity,
        description=exported.description,
    )
    (exported.folder / CARD_FILE).write_text(card, encoding="utf-8")
    return exported


def publish(exported: Exported, store: ModelStore) -> Manifest:
    """Put everything below the folder into the store and publish; returns the full manifest."""
    return publish_folder(store, exported.manifest, exported.folder)


def _held_out_texts(known: Known) -> list[str]:
    if known.held_out:
        return [document_text(document) for document in known.held_out]
    return ["\n".join(parity_sentences())]


def _of_turns(held_out: Sequence[Document]) -> bool | None:
    """Whether these are conversations, as what the model was trained on is of the same sort."""
    if not held_out:
        return None
    return any(turn.role != "text" for document in held_out for turn in document.turns)


def _confidence(
    settings: CompletionExportSettings,
    known: Known,
    spec: DecoderSpec,
    folder: Path,
    engine: Engine,
    progress: Progress,
) -> list[ConfidencePoint]:
    places = choose_places(known.held_out, settings.places, seed=0)
    if not places:
        return []
    generator = engine.open_generator(
        spec, folder / DECODER_WEIGHTS_FILE, folder / DECODER_TOKENIZER_FILE
    )
    try:
        with progress.stage("confidence", len(places) * len(MEASURED)) as step:
            return calibrate(generator, places, step=step)
    finally:
        generator.release()


def _metrics(parity: Sequence[DecoderAgreement]) -> dict[str, float]:
    if not parity:
        return {}
    served = parity[-1]
    return {
        "perplexity": round(served.perplexity, 4),
        "perplexity_growth": round(served.growth, 6),
        "divergence": round(served.divergence, 6),
    }


def _provenance(settings: CompletionExportSettings) -> Provenance:
    return Provenance(
        command=command_line(),
        code_revision=code_revision(),
        config_digest=sha256_data(settings),
        environment=environment(("openvino", "torch", "transformers")),
    )


def _write_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
