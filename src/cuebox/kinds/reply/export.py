"""A fitted ranker becomes the files of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.digests import sha256_data
from cuebox.core.errors import ParityError
from cuebox.core.manifest import GOLDENS_FILE, FileRef, Golden, Manifest, Provenance
from cuebox.kinds.reply.arrays import ARRAYS_FILE, LISTS_FILE, save_arrays, save_lists
from cuebox.kinds.reply.body import ReplyBody
from cuebox.kinds.reply.kind import ReplyKind
from cuebox.kinds.reply.ranking.offer_list import OfferList
from cuebox.training.environment import code_revision, command_line, environment
from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cuebox.core.ports import EmbedTexts
    from cuebox.kinds.reply.body import CoveragePoint
    from cuebox.kinds.reply.data import ReplyData
    from cuebox.kinds.reply.examples import Example
    from cuebox.kinds.reply.fit import Fitted
    from cuebox.kinds.reply.predict import ReplyPredictor
    from cuebox.kinds.reply.settings import ReplySettings

__all__ = ["PARITY_TOLERANCE", "export", "finish", "load_folder"]

# Half precision moves a log-probability by this much at most.
PARITY_TOLERANCE = 0.05
_GOLDENS = 24
_CHECKED = 200
_ODD_TEXTS = ("?", "ÇA MARCHE ?!  \u200b\t naïve café №5 — 東京 🙂", "0" * 40)


def export(
    data: ReplyData, settings: ReplySettings, fitted: Fitted, embed: EmbedTexts, folder: Path
) -> Manifest:
    """Write arrays and lists below `folder`; the encoder's files are named, not copied.

    Returns:
        The manifest without figures, coverage and goldens, which `finish` adds.

    Raises:
        ParityError: the written ranker disagrees with the fitted one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARRAYS_FILE).write_bytes(save_arrays(fitted.tower, fitted.embeddings))
    (folder / LISTS_FILE).write_bytes(save_lists(data.answers, fitted.tower))
    body = ReplyBody(
        answers=len(data.answers),
        text=settings.text,
        drafts=fitted.drafts,
        temperature=fitted.tower.temperature,
        completion=settings.completion,
    )
    files = {name: FileRef.of(folder / name) for name in (ARRAYS_FILE, LISTS_FILE)}
    manifest = Manifest(
        kind=ReplyKind.name,
        name=settings.name,
        files={MODEL_FILE: embed.spec.model, TOKENIZER_FILE: embed.spec.tokenizer, **files},
        encoder=embed.spec,
        body=msgspec.to_builtins(body),
        provenance=Provenance(
            command=command_line(),
            code_revision=code_revision(),
            config_digest=sha256_data(settings),
            data_digest=data.digest,
            environment=environment(),
        ),
    )
    _check_parity(load_folder(manifest, folder), data, fitted, embed)
    return manifest


def load_folder(manifest: Manifest, folder: Path) -> ReplyPredictor:
    """The predictor of exported files, as the server loads it."""
    return ReplyKind().load(manifest, lambda name: (folder / name).read_bytes())


def finish(
    manifest: Manifest,
    folder: Path,
    *,
    metrics: Mapping[str, float],
    coverage: Sequence[CoveragePoint],
    examples: Sequence[Example],
    embed: EmbedTexts,
) -> Manifest:
    """Write figures and golden examples, and put all that was measured into the manifest."""
    predictor = load_folder(manifest, folder)
    body = msgspec.structs.replace(predictor.body, coverage=list(coverage))
    texts = list(dict.fromkeys(example.text for example in examples))
    step = max(1, len(texts) // _GOLDENS)
    chosen = [*texts[::step][:_GOLDENS], *_ODD_TEXTS]
    goldens = [
        Golden(text, [round(value, 6) for value in predictor.similarities(vector).tolist()])
        for text, vector in zip(chosen, embed(chosen, body.text), strict=True)
    ]
    (folder / GOLDENS_FILE).write_bytes(msgspec.json.encode(goldens))
    (folder / "metrics.json").write_bytes(msgspec.json.encode(dict(metrics), order="sorted"))
    names = (GOLDENS_FILE, "metrics.json")
    files = manifest.files | {name: FileRef.of(folder / name) for name in names}
    return msgspec.structs.replace(
        manifest, files=files, metrics=dict(metrics), body=msgspec.to_builtins(body)
    )


def _check_parity(
    predictor: ReplyPredictor, data: ReplyData, fitted: Fitted, embed: EmbedTexts
) -> None:
    offers = OfferList(data.answers, fitted.embeddings, fitted.tower)
    worst = 0.0
    for example in data.examples["train"][:_CHECKED]:
        texts = list(example.context.texts)
        vectors = embed(texts, predictor.text)
        before = offers.log_probabilities(example.context, vectors)
        after = predictor.offers.log_probabilities(example.context, vectors)
        likely = before > np.log(1e-3)
        worst = max(worst, float(np.abs(before - after)[likely].max(initial=0)))
    if not worst <= PARITY_TOLERANCE:
        raise ParityError(
            f"reply model {predictor.manifest.name!r}: the exported tower differs from the "
            f"trained one by {worst:.3f} in a log-probability, allowed {PARITY_TOLERANCE}"
        )
