"""One version of a model, opened and checked: its predictor, and what it reads or writes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import ModelError
from cuebox.core.ports import CompletionPredictor, TextPredictor
from cuebox.serving.goldens import replay_goldens
from cuebox.serving.trunk import Trunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.manifest import EncoderSpec, Manifest
    from cuebox.core.ports import Generator, GeneratorHost, Predictor
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.parts import Parts
    from cuebox.serving.settings import ServingSettings

__all__ = ["ModelOpener"]


class ModelOpener:
    """Opens what the store holds; blocking, for the loader's thread.

    Attributes:
        host: the home of completion models; made when it is first asked for.
    """

    def __init__(
        self,
        parts: Parts,
        settings: ServingSettings,
        metrics: Metrics,
        host: Callable[[], GeneratorHost],
    ) -> None:
        self.host = host
        self._parts = parts
        self._settings = settings
        self._metrics = metrics

    def trunk(self, spec: EncoderSpec) -> Trunk:
        """A new trunk on an encoder's files."""
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

    def generator(self, spec: DecoderSpec) -> Generator:
        """A generator on a decoder's files."""
        host = self.host()
        store = self._parts.store
        return host.open(spec, store.fetch(spec.weights), store.fetch(spec.tokenizer))

    def text_predictor(self, manifest: Manifest, trunk: Trunk) -> TextPredictor:
        """The predictor of a classifier or encoder, its goldens replayed through `trunk`.

        Raises:
            ModelError: the version is damaged, or its kind reads no text.
            GoldenMismatch: it does not repeat what was recorded.
        """
        predictor = self._predictor(manifest)
        if not isinstance(predictor, TextPredictor):
            raise ModelError(f"{manifest.name}: models of kind {manifest.kind!r} read no text")

        def run(text: str) -> np.ndarray:
            return trunk.embed_now(predictor.prepare(text)).vector

        parts = self._parts
        replay_goldens(predictor, run, engine=parts.engine, store=parts.store, marks=parts.marks)
        return predictor

    def completion_predictor(self, manifest: Manifest, generator: Generator) -> CompletionPredictor:
        """The predictor of a language model, its goldens replayed through `generator`.

        Raises:
            ModelError: the version is damaged, or its kind completes nothing.
            GoldenMismatch: it does not repeat what was recorded.
        """
        predictor = self._predictor(manifest)
        if not isinstance(predictor, CompletionPredictor):
            raise ModelError(f"{manifest.name}: models of kind {manifest.kind!r} complete nothing")

        def run(text: str) -> np.ndarray:
            return np.asarray(generator.logprobs(text), np.float32)

        parts = self._parts
        replay_goldens(
            predictor, run, engine=self.host().engine, store=parts.store, marks=parts.marks
        )
        return predictor

    def _predictor(self, manifest: Manifest) -> Predictor:
        store = self._parts.store
        return self._parts.kind(manifest.kind).load(
            manifest, lambda path: store.read(manifest.files[path])
        )
