"""Composition: the one place that names concrete classes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cuebox.app.kinds import find_kind
from cuebox.cache.embeddings import LruEmbeddingCache
from cuebox.cache.marks import FileMarks
from cuebox.core.errors import ModelError
from cuebox.engines.cpu import available_cores, cpu_family
from cuebox.engines.opener import EncoderOpener
from cuebox.inference_log.opening import open_log
from cuebox.serving.parts import Parts
from cuebox.serving.service import Service
from cuebox.store.opening import open_store as open_store_at
from cuebox.store.references import resolve

if TYPE_CHECKING:
    import asyncio

    from cuebox.app.settings import Settings
    from cuebox.core.answers import AnswersSettings
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import (
        AnswerLists,
        EmbedTexts,
        GeneratorHost,
        GeneratorMeters,
        ModelStore,
        OpenDecoder,
        OpenGenerator,
    )
    from cuebox.generation.process.client import Keeper
    from cuebox.kinds.completion.engine import Engine

__all__ = [
    "build_service",
    "completion_engine",
    "decoder_opener",
    "encoder_opener",
    "local_generator",
    "open_store",
    "text_embedder",
    "worker_count",
]

# Away from a server a model of any size should open; memory is taken only as it is used.
_OFFLINE_KV_CACHE_MB = 1024


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


def decoder_opener(settings: Settings) -> OpenDecoder:
    """Opens decoders with the configured engine; needs the extra `completions`."""
    from cuebox.engines.opener import DecoderOpener

    return DecoderOpener(settings.decoder)


def local_generator(settings: Settings) -> OpenGenerator:
    """Opens language models in this process, with the configured engine.

    Every generator has a thread of its own; `LocalGenerator.complete` is the blocking way to ask.
    """
    from cuebox.app.engine_process import engine_opener
    from cuebox.generation.process.local import LocalGenerator

    open_engine = engine_opener(settings.decoder, settings.generation)

    def open_generator(spec: DecoderSpec, weights: Path, tokenizer: Path) -> LocalGenerator:
        return LocalGenerator(open_engine(spec, weights, tokenizer))

    return open_generator


def completion_engine(settings: Settings) -> Engine:
    """Opens language models in this process in all the ways that training and import need."""
    from cuebox.kinds.completion.engine import Engine

    room = max(settings.decoder.kv_cache_mb, _OFFLINE_KV_CACHE_MB)
    decoder = msgspec.structs.replace(settings.decoder, kv_cache_mb=room)
    exact = msgspec.structs.replace(decoder, exact=True)
    roomy = msgspec.structs.replace(settings, decoder=decoder)
    return Engine(
        open_decoder=decoder_opener(roomy),
        open_exact=decoder_opener(msgspec.structs.replace(settings, decoder=exact)),
        open_generator=local_generator(roomy),
    )


def build_service(
    settings: Settings, *, keeper: Keeper | None = None, completions: bool = True
) -> Service:
    """A service over the configured store; call its `start` on the event loop.

    Args:
        keeper: starts the engine process when the first completion model is served; None makes
            it a child of this process.
        completions: whether to serve completion models, should there be any.
    """
    store = open_store(settings)

    def open_host(loop: asyncio.AbstractEventLoop, meters: GeneratorMeters) -> GeneratorHost:
        return _open_host(settings, keeper, loop, meters)

    def find(reference: str) -> Manifest:
        return resolve(store, reference)

    opener = encoder_opener(settings)
    parts = Parts(
        store=store,
        resolve=find,
        kind=find_kind,
        open_encoder=opener,
        open_host=open_host if completions else None,
        cache=LruEmbeddingCache(settings.cache),
        marks=FileMarks(Path(settings.engine.cache_dir or settings.store.cache_dir) / "goldens"),
        engine=f"onnxruntime {_installed('onnxruntime')} {cpu_family()}",
        workers=worker_count(settings),
        inference_log=open_log(settings.inference_log),
        answer_lists=_answer_lists(settings.answers),
    )
    return Service(parts, settings.serving)


def _answer_lists(settings: AnswersSettings) -> AnswerLists | None:
    if not settings.folder:
        return None
    from cuebox.kinds.reply.answers.review_folder import ReviewFolder

    return ReviewFolder(Path(settings.folder).expanduser())


def _open_host(
    settings: Settings,
    keeper: Keeper | None,
    loop: asyncio.AbstractEventLoop,
    meters: GeneratorMeters,
) -> GeneratorHost:
    """The engine process; what it takes is imported here, so that other servers start faster."""
    if find_spec("openvino") is None:
        raise ModelError(
            "completions need OpenVINO: install it with pip install cuebox[completions]"
        )
    from cuebox.app.engine_keeper import OwnEngine
    from cuebox.generation.process.client import RemoteHost

    engine = f"openvino {_installed('openvino')} {cpu_family()}"
    return RemoteHost(loop, keeper or OwnEngine(settings), meters, engine=engine)


def _installed(package: str) -> str:
    from importlib.metadata import version

    return version(package)
