"""From the store to a catalog: resolve, open, check the goldens, reuse what is loaded already."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import CueboxError, ModelError
from cuebox.core.ports import CompletionPredictor, ReplyPredictor
from cuebox.serving.catalog import Catalog, CompletionModel, ReplyModel, TextModel
from cuebox.serving.references import served_references
from cuebox.serving.requests import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import Generator, HeadBank, Predictor, TextPredictor
    from cuebox.serving.catalog import Served
    from cuebox.serving.opening import ModelOpener
    from cuebox.serving.parts import Parts
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.trunk import Trunk

__all__ = ["Loader"]

_log = logging.getLogger(__name__)

_SIDE_BY_SIDE = 4


@dataclass(slots=True)
class _Pass:
    """One look at the store: what it keeps of the last one, and what it has loaded so far.

    Attributes:
        changed: models whose version is not the one that is served.
    """

    previous: Catalog
    trunks: dict[str, Trunk]
    generators: dict[str, Generator]
    changed: dict[str, Manifest] = field(default_factory=dict)
    texts: dict[str, TextPredictor] = field(default_factory=dict)
    completions: dict[str, CompletionPredictor] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def attempt(self, reference: str) -> Iterator[None]:
        """Load one model: what goes wrong is its own failure, and what was served stays."""
        try:
            yield
        except CueboxError as error:
            if self.previous.failures.get(reference) != error.message:
                _log.error("cannot load %s: %s", reference, error.message)
            self.failures[reference] = error.message
            self.keep(reference)

    def keep(self, reference: str) -> None:
        """Go on with what was served, if anything was."""
        match self.previous.models.get(reference):
            case TextModel() | ReplyModel() as served:
                self.texts[reference] = served.predictor
            case CompletionModel() as served:
                self.completions[reference] = served.predictor


class Loader:
    """Builds catalogs; blocking, so it runs in a thread while the previous catalog serves."""

    def __init__(self, parts: Parts, settings: ServingSettings, opener: ModelOpener) -> None:
        self._parts = parts
        self._settings = settings
        self._opener = opener

    def load(self, previous: Catalog) -> Catalog:
        """Look at the store and return what should be served now.

        A version that cannot be loaded is a failure of its model only: the version that was
        served before stays, the reason is kept in `failures`. When nothing changed, the previous
        catalog itself is returned, with all that it has joined and planned.
        """
        found = _Pass(previous, dict(previous.trunks), dict(previous.generators))
        references = list(served_references(self._parts.store, self._settings.models))
        for reference, version in references:
            with found.attempt(reference):
                self._look(reference, version, found)
        self._open(found)
        trunks, generators = _used(found)
        models = self._models(found, [reference for reference, _ in references])
        if found.failures == previous.failures and _same(models, previous):
            return previous
        return Catalog(models, trunks, generators, found.failures)

    def _look(self, reference: str, version: str | None, found: _Pass) -> None:
        served = found.previous.models.get(reference)
        if served is not None and served.info.version == version:
            found.keep(reference)
            return
        manifest = self._parts.resolve(reference)
        if served is not None and served.info.version == manifest.version:
            found.keep(reference)
            return
        if manifest.decoder is not None and self._parts.open_host is None:
            return
        # Under another reference than its name (`spam@candidate`) a model is served, listed and
        # answered by that reference, so that two versions of one model can stand side by side.
        found.changed[reference] = msgspec.structs.replace(manifest, name=reference)

    def _open(self, found: _Pass) -> None:
        """Open what changed; decoders first, for another process does it while encoders load."""
        texts = {name: each for name, each in found.changed.items() if each.decoder is None}
        completions = {name: each for name, each in found.changed.items() if each.decoder}
        decoders = {
            each.decoder.digest: each.decoder for each in completions.values() if each.decoder
        }
        with ThreadPoolExecutor(_SIDE_BY_SIDE, "open-decoder") as pool:
            opening = {
                digest: pool.submit(self._opener.generator, spec)
                for digest, spec in decoders.items()
                if digest not in found.generators
            }
            for reference, manifest in texts.items():
                with found.attempt(reference):
                    self._load_text(manifest, found)
            for reference, manifest in completions.items():
                with found.attempt(reference):
                    self._load_completion(manifest, found, opening)

    def _load_text(self, manifest: Manifest, found: _Pass) -> None:
        spec = manifest.encoder
        if spec is None:
            raise ModelError(f"{manifest.name} {manifest.version} names no encoder")
        trunk = found.trunks.get(spec.digest)
        if trunk is None:
            trunk = found.trunks[spec.digest] = self._opener.trunk(spec)
        found.texts[manifest.name] = self._opener.text_predictor(manifest, trunk)
        _log.info("loaded %s %s", manifest.name, manifest.version)

    def _load_completion(
        self, manifest: Manifest, found: _Pass, opening: Mapping[str, Future[Generator]]
    ) -> None:
        digest = _decoder(manifest)
        if digest not in found.generators:
            found.generators[digest] = opening[digest].result()
        generator = found.generators[digest]
        found.completions[manifest.name] = self._opener.completion_predictor(manifest, generator)
        _log.info("loaded %s %s", manifest.name, manifest.version)

    def _models(self, found: _Pass, references: list[str]) -> dict[str, Served]:
        groups: dict[tuple[str, str], list[Predictor]] = {}
        for each in found.texts.values():
            groups.setdefault(_group(each.manifest), []).append(each)
        banks: dict[tuple[str, str], HeadBank | None] = {
            group: self._parts.kind(group[0]).bank(members) for group, members in groups.items()
        }
        models: dict[str, Served] = {}
        for name in references:
            text = found.texts.get(name)
            completion = found.completions.get(name)
            if isinstance(text, ReplyPredictor):
                trunk = found.trunks[_encoder(text.manifest)]
                models[name] = ReplyModel(_info(text), text, trunk)
            elif text is not None:
                group = _group(text.manifest)
                models[name] = TextModel(_info(text), text, found.trunks[group[1]], banks[group])
            elif completion is not None:
                generator = found.generators[_decoder(completion.manifest)]
                models[name] = CompletionModel(_info(completion), completion, generator)
        return models


def _used(found: _Pass) -> tuple[dict[str, Trunk], dict[str, Generator]]:
    """What the models need; what was opened for nothing is closed."""
    encoders = {_encoder(each.manifest) for each in found.texts.values()}
    decoders = {_decoder(each.manifest) for each in found.completions.values()}
    for digest, trunk in found.trunks.items():
        if digest not in encoders and digest not in found.previous.trunks:
            trunk.close()
    for digest, generator in found.generators.items():
        if digest not in decoders and digest not in found.previous.generators:
            generator.release()
    return (
        {digest: trunk for digest, trunk in found.trunks.items() if digest in encoders},
        {digest: each for digest, each in found.generators.items() if digest in decoders},
    )


def _same(models: Mapping[str, Served], catalog: Catalog) -> bool:
    """Whether a catalog serves these very predictors, in this order."""
    return [(name, each.predictor) for name, each in models.items()] == [
        (name, each.predictor) for name, each in catalog.models.items()
    ]


def _group(manifest: Manifest) -> tuple[str, str]:
    return manifest.kind, _encoder(manifest)


def _encoder(manifest: Manifest) -> str:
    return "" if manifest.encoder is None else manifest.encoder.digest


def _decoder(manifest: Manifest) -> str:
    return "" if manifest.decoder is None else manifest.decoder.digest


def _info(predictor: Predictor) -> ModelInfo:
    manifest = predictor.manifest
    encoder, decoder = manifest.encoder, manifest.decoder
    limit = encoder.max_tokens if encoder else decoder.context if decoder else 0
    # A list of answers is no set of labels, and may have ten thousand.
    labels = [] if isinstance(predictor, ReplyPredictor) else list(predictor.labels)
    return ModelInfo(
        name=manifest.name,
        version=manifest.version,
        kind=manifest.kind,
        created=manifest.created,
        labels=labels,
        task=str(manifest.body.get("task", "")),
        encoder=_encoder(manifest),
        decoder=_decoder(manifest),
        dim=encoder.dim if encoder else 0,
        max_tokens=limit,
        metrics=manifest.metrics,
        opening=predictor.prompt((), "") if isinstance(predictor, CompletionPredictor) else "",
    )
