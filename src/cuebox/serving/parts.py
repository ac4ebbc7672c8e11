"""The concrete pieces a service is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from cuebox.core.manifest import Manifest
    from cuebox.core.ports import (
        AnswerLists,
        EmbeddingCache,
        GeneratorHost,
        GeneratorMeters,
        InferenceLog,
        Kind,
        Marks,
        ModelStore,
        OpenEncoder,
    )

__all__ = ["OpenHost", "Parts"]

OpenHost: TypeAlias = "Callable[[asyncio.AbstractEventLoop, GeneratorMeters], GeneratorHost]"


@dataclass(frozen=True, slots=True)
class Parts:
    """What `app` puts together.

    Attributes:
        resolve: model reference to manifest.
        kind: kind name to kind; raises `ModelError` for an unknown one.
        open_host: makes the home of completion models on the given event loop, when the first
            one is to be served; raises `ModelError` when its engine is not installed. None
            leaves such models out.
        marks: remembers which goldens passed on this machine.
        engine: identity of the encoders' engine and CPU; a change replays all goldens.
        workers: encoder threads of each trunk.
        inference_log: where suggestions and feedback are kept; None keeps none.
        answer_lists: lists that are reviewed over HTTP; None shows none.
    """

    store: ModelStore
    resolve: Callable[[str], Manifest]
    kind: Callable[[str], Kind]
    open_encoder: OpenEncoder
    open_host: OpenHost | None
    cache: EmbeddingCache
    marks: Marks
    engine: str
    workers: int
    inference_log: InferenceLog | None = None
    answer_lists: AnswerLists | None = None
