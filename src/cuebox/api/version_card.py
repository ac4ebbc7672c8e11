"""All that is known of one version, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.figures import FigureName, figure_names
from cuebox.api.report_files import ReportFile, report_files
from cuebox.core.errors import StoreError
from cuebox.core.manifest import Manifest, Provenance
from cuebox.store.contents import Blob, VersionFacts

if TYPE_CHECKING:
    from cuebox.core.ports import ModelStore
    from cuebox.store.contents import StoreContents

__all__ = ["VersionCard", "read_card"]

# A list of labels is read by a person; what is longer is told by its length.
_MOST_LABELS = 1000
_REPORT, _SETTINGS = "report.json", ("config.toml", "config.json")
_MOST_BYTES = 32 << 20


class Coder(msgspec.Struct, kw_only=True):
    """The encoder or decoder that a version reads or writes through.

    Attributes:
        digest: its identity; models that name the same share it in memory as well.
        bytes: of its files, those of the tokenizer included.
        max_tokens: the most it reads, or reads and writes together.
        shape: its other facts by name.
    """

    digest: str
    architecture: str
    quantization: str
    max_tokens: int
    bytes: int
    shape: dict[str, float | str | bool]


class VersionCard(msgspec.Struct, kw_only=True):
    """One version of a model.

    Attributes:
        facts: kind, task, metrics, sizes.
        description: what its report says it is for; empty where nobody said.
        labels: those it tells apart, at most 1,000 of them; `facts.labels` is their number.
        body: what its kind says of it in single values.
        settings: as it was made, every default spelled out; empty where they were not kept.
        blobs: its contents, the largest first, and who has them too.
        reports: files that a browser can open, the page first.
        figures: what `facts.metrics` are called, the one that says most first.
    """

    model: str
    facts: VersionFacts
    description: str
    labels: list[str]
    body: dict[str, float | str | bool]
    provenance: Provenance
    settings: str
    encoder: Coder | None
    decoder: Coder | None
    blobs: list[Blob]
    reports: list[ReportFile]
    figures: list[FigureName]


class _Named(msgspec.Struct):
    description: str = ""
    config: str = ""


class _Report(msgspec.Struct):
    """What both kinds of `report.json` may say; the rest is passed over."""

    description: str = ""
    config: str = ""
    model: _Named | str = ""


_report_decoder = msgspec.json.Decoder(_Report)


def read_card(contents: StoreContents, store: ModelStore, name: str, version: str) -> VersionCard:
    """The card; blocks.

    Raises:
        UnknownModel, VersionNotFound: there is no such version.
        ModelError: its manifest is damaged.
        StoreError: the store cannot be read.
    """
    manifest, facts, blobs = contents.version(name, version)
    told = _told(manifest, store)
    labels = manifest.body.get("labels")
    return VersionCard(
        model=name,
        facts=facts,
        description=told.description,
        labels=[str(label) for label in labels[:_MOST_LABELS]] if isinstance(labels, list) else [],
        body=_single_values(manifest.body, but=("task",)),
        provenance=manifest.provenance,
        settings=_settings(manifest, store) or told.config,
        encoder=_encoder(manifest),
        decoder=_decoder(manifest),
        blobs=blobs,
        reports=report_files(manifest),
        figures=figure_names(manifest.metrics),
    )


def _encoder(manifest: Manifest) -> Coder | None:
    spec = manifest.encoder
    if spec is None:
        return None
    return Coder(
        digest=spec.digest,
        architecture=spec.architecture,
        quantization=spec.quantization,
        max_tokens=spec.max_tokens,
        bytes=spec.model.size + spec.tokenizer.size,
        shape={"dim": spec.dim, "pooling": spec.pooling, "normalize": spec.normalize},
    )


def _decoder(manifest: Manifest) -> Coder | None:
    spec = manifest.decoder
    if spec is None:
        return None
    names = ("vocab", "hidden", "layers", "heads", "kv_heads", "inner", "group")
    return Coder(
        digest=spec.digest,
        architecture=spec.architecture,
        quantization=spec.quantization,
        max_tokens=spec.context,
        bytes=spec.weights.size + spec.tokenizer.size,
        shape={name: getattr(spec, name) for name in names},
    )


def _single_values(body: dict[str, Any], *, but: tuple[str, ...]) -> dict[str, float | str | bool]:
    return {
        key: value
        for key, value in body.items()
        if isinstance(value, (str, bool, int, float)) and value != "" and key not in but
    }


def _told(manifest: Manifest, store: ModelStore) -> _Named:
    """What the version's report says in words; nothing where it has none that can be read."""
    content = _read(manifest, store, _REPORT)
    try:
        report = _report_decoder.decode(content) if content else _Report()
    except (msgspec.DecodeError, UnicodeDecodeError):
        report = _Report()
    if isinstance(report.model, _Named):
        return report.model
    return _Named(report.description, report.config)


def _settings(manifest: Manifest, store: ModelStore) -> str:
    for name in _SETTINGS:
        if content := _read(manifest, store, name):
            return content.decode("utf-8", "replace")
    return ""


def _read(manifest: Manifest, store: ModelStore, name: str) -> bytes:
    """A file of a version; empty where it is missing, damaged or no file for a person."""
    ref = manifest.files.get(name)
    if ref is None or ref.size > _MOST_BYTES:
        return b""
    try:
        return store.read(ref)
    except StoreError:
        return b""
