"""From the store to a catalog: resolve, open, check the goldens, reuse what is loaded already."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.errors import CueboxError, ModelError
from cuebox.core.manifest import GOLDENS_FILE, Golden, Manifest
from cuebox.serving.catalog import Catalog, Served
from cuebox.serving.requests import ModelInfo
from cuebox.serving.trunk import Trunk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cuebox.core.manifest import EncoderSpec
    from cuebox.core.ports import (
        EmbeddingCache,
        HeadBank,
        Kind,
        Marks,
        ModelStore,
        OpenEncoder,
        Predictor,
    )
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.settings import ServingSettings

__all__ = ["Loader", "Parts"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete pieces a service is made of.

    Attributes:
        resolve: model reference to manifest.
        kind: kind name to kind; raises `ModelError` for an unknown one.
        marks: remembers which goldens passed on this machine.
        engine: identity of engine and CPU; a change replays all goldens.
        workers: encoder threads of each trunk.
    """

    store: ModelStore
    resolve: Callable[[str], Manifest]
    kind: Callable[[str], Kind]
    open_encoder: OpenEncoder
    cache: EmbeddingCache
    marks: Marks
    engine: str
    workers: int


@dataclass(slots=True)
class _Loaded:
    """What one pass has loaded so far."""

    predictors: dict[str, Predictor] = field(default_factory=dict)
    trunks: dict[str, Trunk] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


class Loader:
    """Builds catalogs; blocking, so it runs in a thread while the previous catalog serves."""

    def __init__(self, parts: Parts, settings: ServingSettings, metrics: Metrics) -> None:
        self._parts = parts
        self._settings = settings
        self._metrics = metrics

    def load(self, previous: Catalog) -> Catalog:
        """Look at the store and return what should be served now.

        A version that cannot be loaded is a failure of its model only: the version that was
        served before stays, the reason is kept in `failures`. When nothing changed, the previous
        catalog itself is returned, with all that it has joined and planned.
        """
        loaded = _Loaded(trunks=dict(previous.trunks))
        for reference, version in self._references():
            try:
                self._load_one(reference, version, previous, loaded)
            except CueboxError as error:
                self._keep_previous(reference, previous, loaded, error)
        used = {predictor.manifest.encoder.digest for predictor in loaded.predictors.values()
                if predictor.manifest.encoder is not None}  # fmt: skip
        trunks = {digest: trunk for digest, trunk in loaded.trunks.items() if digest in used}
        for digest, trunk in loaded.trunks.items():
            if digest not in used and digest not in previous.trunks:
                trunk.close()
        if loaded.failures == previous.failures and _same(loaded.predictors, previous):
            return previous
        return Catalog(self._serve(loaded.predictors, trunks), trunks, loaded.failures)

    def _references(self) -> list[tuple[str, str | None]]:
        """What to serve, and the version where finding it out told that as well."""
        if self._settings.models:
            return [(reference, None) for reference in self._settings.models]
        store = self._parts.store
        found: list[tuple[str, str | None]] = []
        for name in store.names():
            production = store.aliases(name).get("production")
            if production is not None and production.version is not None:
                found.append((name, production.version))
        return found

    def _load_one(
        self, reference: str, version: str | None, previous: Catalog, loaded: _Loaded
    ) -> None:
        served = previous.models.get(reference)
        if served is not None and served.info.version == version:
            loaded.predictors[reference] = served.predictor
            return
        manifest = self._parts.resolve(reference)
        # Under another reference than its name (`spam@candidate`) a model is served, listed and
        # answered by that reference, so that two versions of one model can stand side by side.
        manifest = msgspec.structs.replace(manifest, name=reference)
        if served is not None and served.info.version == manifest.version:
            loaded.predictors[reference] = served.predictor
            return
        if manifest.encoder is None:
            raise ModelError(f"{reference} {manifest.version} names no encoder")
        trunk = loaded.trunks.get(manifest.encoder.digest)
        if trunk is None:
            trunk = loaded.trunks[manifest.encoder.digest] = self._open(manifest.encoder)
        store = self._parts.store
        predictor = self._parts.kind(manifest.kind).load(
            manifest, lambda path: store.read(manifest.files[path])
        )
        self._replay(manifest, predictor, trunk)
        loaded.predictors[reference] = predictor
        _log.info("loaded %s %s", reference, manifest.version)

    def _open(self, spec: EncoderSpec) -> Trunk:
        store = self._parts.store
        tokenizer, encoder = self._parts.open_encoder(
            spec, store.fetch(spec.model), store.fetch(spec.tokenizer)
        )
        return Trunk(
            spec,
            tokenizer,
            encoder,
            self._parts.cache,
            self._metrics,
            workers=self._parts.workers,
            settings=self._settings,
        )

    def _replay(self, manifest: Manifest, predictor: Predictor, trunk: Trunk) -> None:
        """Replay the goldens: all of them the first time on this engine and CPU, then one.

        Raises:
            GoldenMismatch: an answer differs from the recorded one.
        """
        goldens = self._goldens(manifest)
        key = sha256_data([self._parts.engine, manifest.files, manifest.encoder])
        seen = self._parts.marks.has(key)
        for golden in goldens[:1] if seen else goldens:
            embedded = trunk.embed_now(predictor.prepare(golden.input))
            predictor.check(golden, embedded.vector)
        if not seen:
            self._parts.marks.add(key)

    def _goldens(self, manifest: Manifest) -> Sequence[Golden]:
        if GOLDENS_FILE not in manifest.files:
            raise ModelError(f"{manifest.name} {manifest.version} has no {GOLDENS_FILE}")
        content = self._parts.store.read(manifest.files[GOLDENS_FILE])
        try:
            return msgspec.json.decode(content, type=list[Golden])
        except msgspec.DecodeError as error:
            raise ModelError(f"{manifest.name} {manifest.version}: bad goldens: {error}") from error

    def _keep_previous(
        self, reference: str, previous: Catalog, loaded: _Loaded, error: CueboxError
    ) -> None:
        if previous.failures.get(reference) != error.message:
            _log.error("cannot load %s: %s", reference, error.message)
        loaded.failures[reference] = error.message
        if reference in previous.models:
            loaded.predictors[reference] = previous.models[reference].predictor

    def _serve(
        self, predictors: Mapping[str, Predictor], trunks: Mapping[str, Trunk]
    ) -> dict[str, Served]:
        groups: dict[tuple[str, str], list[Predictor]] = {}
        for predictor in predictors.values():
            groups.setdefault(_group(predictor), []).append(predictor)
        banks: dict[tuple[str, str], HeadBank | None] = {
            group: self._parts.kind(group[0]).bank(members) for group, members in groups.items()
        }
        return {
            name: Served(
                _info(predictor),
                predictor,
                trunks[_group(predictor)[1]],
                banks[_group(predictor)],
            )
            for name, predictor in predictors.items()
        }


def _same(predictors: Mapping[str, Predictor], catalog: Catalog) -> bool:
    """Whether a catalog serves these very predictors, in this order."""
    return list(predictors.items()) == [
        (name, served.predictor) for name, served in catalog.models.items()
    ]


def _group(predictor: Predictor) -> tuple[str, str]:
    spec = predictor.manifest.encoder
    return predictor.manifest.kind, "" if spec is None else spec.digest


def _info(predictor: Predictor) -> ModelInfo:
    manifest = predictor.manifest
    spec = manifest.encoder
    return ModelInfo(
        name=manifest.name,
        version=manifest.version,
        kind=manifest.kind,
        created=manifest.created,
        labels=list(predictor.labels),
        task=str(manifest.body.get("task", "")),
        encoder="" if spec is None else spec.digest,
        dim=0 if spec is None else spec.dim,
        max_tokens=0 if spec is None else spec.max_tokens,
        metrics=manifest.metrics,
    )
