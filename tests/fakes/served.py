"""A real service over a real store, with fake language models and a fake kind of reply models."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.app.kinds import find_kind
from cuebox.cache.embeddings import LruEmbeddingCache
from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.core.manifest import Golden, Manifest
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.generation.process.local import LocalGenerator
from cuebox.serving.parts import Parts
from cuebox.serving.service import Service
from cuebox.store.references import resolve
from tests.fakes.engine import EngineRoom, fake_spec
from tests.fakes.replies import FakeReplyKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from cuebox.app.settings import Settings
    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.inference import FeedbackRecord, SuggestionRecord
    from cuebox.core.ports import GeneratorMeters, Kind, ModelStore

__all__ = ["FakeHost", "Server", "publish_completion"]


def publish_completion(
    store: ModelStore, name: str, weights: bytes, *, wrong_golden: bool = False, **body: Any
) -> Manifest:
    """A completion model of the fake engine, in production; its weights make its digest."""
    spec = msgspec.structs.replace(
        fake_spec(), weights=store.put_bytes(weights), tokenizer=store.put_bytes(b"{}")
    )
    golden = Golden("abc", [-98.0, -9.0 if wrong_golden else -99.0])
    files = {
        DECODER_WEIGHTS_FILE: spec.weights,
        DECODER_TOKENIZER_FILE: spec.tokenizer,
        "goldens.json": store.put_bytes(msgspec.json.encode([golden])),
    }
    manifest = store.publish(
        Manifest(kind="completion", name=name, files=files, decoder=spec, body=body)
    )
    store.move_alias(name, "production", manifest.version)
    return manifest


@dataclass
class FakeHost:
    """`core.ports.GeneratorHost` with fake engines in this process."""

    meters: GeneratorMeters
    room: EngineRoom = field(default_factory=EngineRoom)
    engine: str = "fake"
    trouble: str = ""
    closed: bool = False

    def open(self, spec: DecoderSpec, weights: Path, tokenizer: Path) -> LocalGenerator:
        return LocalGenerator(self.room.open(spec, weights, tokenizer))

    async def close(self) -> None:
        self.closed = True


class Marks:
    def __init__(self) -> None:
        self.keys: set[str] = set()

    def has(self, key: str) -> bool:
        return key in self.keys

    def add(self, key: str) -> None:
        self.keys.add(key)


class KeptLog:
    """`core.ports.InferenceLog` in two lists."""

    def __init__(self) -> None:
        self.suggestions: list[SuggestionRecord] = []
        self.told: list[FeedbackRecord] = []

    def suggested(self, record: SuggestionRecord) -> None:
        self.suggestions.append(record)

    def feedback(self, record: FeedbackRecord) -> None:
        self.told.append(record)

    def stats(self) -> dict[str, int]:
        return {"written": len(self.suggestions) + len(self.told), "waiting": 0, "lost": 0}

    def close(self, seconds: float) -> None:
        return


class Server:
    """A service whose language models are fakes.

    Attributes:
        hosts: the homes of completion models that were opened; at most one.
        log: what was suggested and told.
        replies: the kind of reply models, unless another is given.
    """

    def __init__(
        self, settings: Settings, store: ModelStore, reply_kind: Kind | None = None
    ) -> None:
        self.hosts: list[FakeHost] = []
        self.replies = FakeReplyKind()
        self._reply_kind = reply_kind or self.replies
        self.log = KeptLog()
        parts = Parts(
            store=store,
            resolve=lambda reference: resolve(store, reference),
            kind=self._kind,
            open_encoder=EncoderOpener(EngineSettings(cache_dir="")),
            open_host=self._open_host,
            cache=LruEmbeddingCache(settings.cache),
            marks=Marks(),
            engine="test",
            workers=1,
            inference_log=self.log,
        )
        self.service = Service(parts, settings.serving)

    @property
    def room(self) -> EngineRoom:
        return self.hosts[0].room

    def run(self, use: Callable[[Service], Awaitable[None]]) -> None:
        async def go() -> None:
            await self.service.start()
            try:
                await use(self.service)
            finally:
                assert await self.service.drain(5)

        asyncio.run(go())

    def _open_host(self, _loop: asyncio.AbstractEventLoop, meters: GeneratorMeters) -> FakeHost:
        self.hosts.append(FakeHost(meters))
        return self.hosts[-1]

    def _kind(self, name: str) -> Kind:
        return self._reply_kind if name == self.replies.name else find_kind(name)
