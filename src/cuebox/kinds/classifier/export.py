"""A trained classifier becomes the files of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.digests import sha256_data
from cuebox.core.errors import ParityError
from cuebox.core.manifest import GOLDENS_FILE, FileRef, Golden, Manifest, Provenance
from cuebox.kinds.classifier.head import save_head
from cuebox.kinds.classifier.kind import HEAD_FILE, ClassifierKind
from cuebox.kinds.classifier.summary import config_text
from cuebox.training.environment import code_revision, command_line, environment
from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cuebox.core.ports import EmbedTexts
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.bank import ClassifierBank
    from cuebox.kinds.classifier.train import Trained

__all__ = ["PARITY_TOLERANCE", "export", "record_goldens"]

PARITY_TOLERANCE = 1e-5
_GOLDENS = 24
# People and machines send such things; the version must answer them the same for ever.
_ODD_TEXTS = ("?", "ÇA MARCHE ?!  \u200b\t naïve café №5 — 東京 🙂", "0" * 40)


def export(
    trained: Trained, embed: EmbedTexts, folder: Path, *, metrics: Mapping[str, float]
) -> Manifest:
    """Write head, settings, metrics and golden examples below `folder`.

    The encoder's two files are named, not copied: all classifiers on one encoder share them.

    Returns:
        The manifest, with no version yet; files added to `folder` later are added by
        `training.publishing`.

    Raises:
        ParityError: the written head disagrees with the trained one.
    """
    content = save_head(
        trained.head.scaled(
            trained.calibration.scale.astype(np.float32),
            trained.calibration.shift.astype(np.float32),
        )
    )
    manifest = Manifest(
        kind=ClassifierKind.name,
        name=trained.settings.name,
        files={
            MODEL_FILE: embed.spec.model,
            TOKENIZER_FILE: embed.spec.tokenizer,
        },
        encoder=embed.spec,
        body=msgspec.to_builtins(trained.body),
        metrics=dict(metrics),
        provenance=_provenance(trained),
    )
    bank = ClassifierKind().bank([ClassifierKind().load(manifest, lambda _: content)])
    check_parity(trained, bank)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEAD_FILE).write_bytes(content)
    (folder / "config.toml").write_text(config_text(trained), encoding="utf-8")
    (folder / "metrics.json").write_bytes(msgspec.json.encode(dict(metrics), order="sorted"))
    goldens = record_goldens(trained, embed, bank)
    (folder / GOLDENS_FILE).write_bytes(msgspec.json.encode(goldens))
    names = (HEAD_FILE, "config.toml", "metrics.json", GOLDENS_FILE)
    files = {name: FileRef.of(folder / name) for name in names}
    return msgspec.structs.replace(manifest, files=manifest.files | files)


def check_parity(trained: Trained, bank: ClassifierBank) -> float:
    """The largest difference of a probability between the trained and the exported head.

    Raises:
        ParityError: it is more than `PARITY_TOLERANCE`.
    """
    worst = 0.0
    for embeddings in trained.embeddings.values():
        some = embeddings[:2000]
        served = bank.probabilities(some, trained.settings.name)
        worst = max(worst, float(np.abs(served - trained.probabilities(some)).max()))
    if not worst <= PARITY_TOLERANCE:
        raise ParityError(
            f"classifier {trained.settings.name!r}: the exported head differs from the trained "
            f"one by {worst:.2e} in a probability, allowed {PARITY_TOLERANCE:.0e}"
        )
    return worst


def record_goldens(trained: Trained, embed: EmbedTexts, bank: ClassifierBank) -> list[Golden]:
    """Held-out texts spread over the labels, and a few odd ones, with what the head says."""
    data = trained.data
    part = next(one for one in (data.test, data.validation, data.train) if len(one))
    step = max(1, len(part) // (_GOLDENS - len(_ODD_TEXTS)))
    order = np.argsort(part.targets.argmax(axis=1), kind="stable")
    texts = [part.texts[row] for row in order[::step].tolist()][: _GOLDENS - len(_ODD_TEXTS)]
    texts += _ODD_TEXTS
    said: FloatArray = bank.probabilities(embed(texts, trained.body.text), trained.settings.name)
    return [
        Golden(text, [round(value, 6) for value in row.tolist()])
        for text, row in zip(texts, said, strict=True)
    ]


def _provenance(trained: Trained) -> Provenance:
    return Provenance(
        command=command_line(),
        code_revision=code_revision(),
        config_digest=sha256_data(trained.settings),
        data_digest=trained.data.digest,
        environment=environment(),
    )
