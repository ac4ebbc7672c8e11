"""Composition: the one place that names concrete classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cuebox.app.kinds import find_kind
from cuebox.cache.embeddings import LruEmbeddingCache
from cuebox.cache.marks import FileMarks
from cuebox.core.errors import ModelError
from cuebox.engines.cpu import available_cores, cpu_family
from cuebox.engines.opener import EncoderOpener
from cuebox.serving.loader import Parts
from cuebox.serving.service import Service
from cuebox.store.opening import open_store as open_store_at
from cuebox.store.references import resolve

if TYPE_CHECKING:
    from cuebox.app.settings import Settings
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import EmbedTexts, ModelStore

__all__ = ["build_service", "encoder_opener", "open_store", "text_embedder", "worker_count"]


def open_store(settings: Settings) -> ModelStore:
    """The configured model store."""
    where = settings.store
    return open_store_at(
        where.url,
        cache_dir=where.cache_dir,
        options=where.options,
        client_options=where.client_options,
    )


def encoder_opener(settings: Settings) -> EncoderOpener:
    """Opens encoders with the configured engine."""
    return EncoderOpener(settings.engine)


def worker_count(settings: Settings) -> int:
    """Encoder runs side by side: as set, else from the cores this process may use."""
    return settings.engine.worker_count(available_cores())


def text_embedder(settings: Settings, store: ModelStore, encoder: str) -> EmbedTexts:
    """Embeds texts exactly as the server does, with a cache on disk, for training.

    Args:
        encoder: reference of a model in `store` that has an encoder.

    Raises:
        UnknownModel, VersionNotFound: the reference means nothing.
        ModelError: the model has no encoder.
    """
    from cuebox.training.embedder import CachedEmbedder

    manifest = resolve(store, encoder)
    spec = manifest.encoder
    if spec is None:
        raise ModelError(f"{manifest.name} {manifest.version} has no encoder")
    tokenizer, session = encoder_opener(settings)(
        spec, store.fetch(spec.model), store.fetch(spec.tokenizer)
    )
    folder = Path(settings.engine.cache_dir or settings.store.cache_dir) / "embeddings"
    return CachedEmbedder(tokenizer, session, cache=folder, workers=worker_count(settings))


def build_service(settings: Settings) -> Service:
    """A service over the configured store; call its `start` on the event loop."""
    store = open_store(settings)

    def find(reference: str) -> Manifest:
        return resolve(store, reference)

    opener = encoder_opener(settings)
    parts = Parts(
        store=store,
        resolve=find,
        kind=find_kind,
        open_encoder=opener,
        cache=LruEmbeddingCache(settings.cache),
        marks=FileMarks(Path(settings.engine.cache_dir or settings.store.cache_dir) / "goldens"),
        engine=f"onnxruntime {_installed('onnxruntime')} {cpu_family()}",
        workers=worker_count(settings),
    )
    return Service(parts, settings.serving)


def _installed(package: str) -> str:
    from importlib.metadata import version

    return version(package)
