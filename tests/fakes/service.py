"""A service that answers at once, or when told to, for tests of what stands in front of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cuebox.core.errors import CueboxError, InvalidRequest, PayloadTooLarge, UnknownModel
from cuebox.core.generation import Completed
from cuebox.core.types import Classification, FloatArray, LabelScore
from cuebox.serving.explain_requests import (
    ExplainRequest,
    ExplainResponse,
    ExplainUsage,
    Explanation,
    WordEffect,
)
from cuebox.serving.metrics import Metrics
from cuebox.serving.requests import (
    ClassifyRequest,
    ClassifyResponse,
    ClassifyUsage,
    EmbedRequest,
    EmbedResult,
    ModelInfo,
    Readiness,
    RowResult,
    Timings,
)
from cuebox.serving.settings import ServingSettings
from cuebox.serving.suggestion_plan import check_request
from cuebox.serving.suggestion_requests import (
    CompletionSuggestion,
    ModelVersion,
    ReplySuggestion,
    SuggestModels,
    SuggestRequest,
    SuggestResponse,
    SuggestUsage,
)
from tests.fakes.completions import answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cuebox.core.generation import Delta, GenerateRequest
    from cuebox.core.inference import FeedbackRecord
    from cuebox.core.ports import AnswerLists, ModelStore

__all__ = ["Service"]

_VERSION = "2026-11-21.1"


def _info(name: str, kind: str, labels: list[str]) -> ModelInfo:
    return ModelInfo(
        name=name,
        version=_VERSION,
        kind=kind,
        created="2026-11-21T10:00:00Z",
        labels=labels,
        task="single_label" if labels else "embedding",
        encoder="sha256:0",
        dim=4,
        max_tokens=128,
        metrics={"accuracy": 0.9},
    )


_WRITER = ModelInfo(
    name="writer",
    version=_VERSION,
    kind="completion",
    created="2026-11-21T10:00:00Z",
    labels=[],
    task="",
    encoder="",
    decoder="0123456789abcdef",
    dim=8,
    max_tokens=64,
    metrics={"perplexity": 12.5},
)


class Service:
    """The service's methods over four models: `mood`, `minilm`, `writer` and `replies`.

    Attributes:
        hold: when set to an event, requests wait for it.
        entered: set when a request waits.
        cancelled: how many waiting requests were cancelled.
        fail: raised by every request, where given.
        prompts: what completions were asked, with their coverage.
        generating: completions that hold a place.
        pause: when set to an event, a streamed completion waits for it after each step.
        fail_prompt: raised for a prompt, before anything of it is answered.
        fail_late: raised instead of the end of every completion.
        told: the feedback that came.
        suggested: what suggestions were asked, and for whom.
    """

    def __init__(
        self, store: ModelStore | None = None, answer_lists: AnswerLists | None = None
    ) -> None:
        self.settings = ServingSettings()
        self.metrics = Metrics()
        self._store = store
        self.answer_lists = answer_lists
        self.state: Literal["starting", "ready", "draining"] = "ready"
        self.hold: asyncio.Event | None = None
        self.entered = asyncio.Event()
        self.cancelled = 0
        self.fail: Exception | None = None
        self.deadlines: list[float | None] = []
        self.reloads = 0
        self.prompts: list[tuple[GenerateRequest, float | None]] = []
        self.generating = 0
        self.pause: asyncio.Event | None = None
        self.fail_prompt: dict[str, Exception] = {}
        self.fail_late: Exception | None = None
        self.told: list[FeedbackRecord] = []
        self.suggested: list[tuple[SuggestRequest, str, str]] = []
        self._models = {
            "mood": _info("mood", "classifier", ["glad", "sad"]),
            "minilm": _info("minilm", "encoder", []),
            "writer": _WRITER,
            "replies": _info("replies", "reply", []),
        }

    @property
    def store(self) -> ModelStore:
        if self._store is None:
            raise AssertionError("this test gave the service no store")
        return self._store

    async def classify(
        self, request: ClassifyRequest, *, timings: Timings, deadline: float | None = None
    ) -> ClassifyResponse:
        await self._wait(deadline)
        names = [request.model] if isinstance(request.model, str) else request.model
        names = [name for asked in names for name in (["mood"] if asked == "*" else [asked])]
        infos = [self._text_model(name) for name in names]
        texts = self._texts(request.input)
        timings.head += 0.00001
        labels = [LabelScore("glad", 0.75), LabelScore("sad", 0.25)][: request.top_k or 1]
        rows = [
            RowResult(index, [Classification(info.name, info.version, labels) for info in infos])
            for index in range(len(texts))
        ]
        return ClassifyResponse(data=rows, usage=ClassifyUsage(len(rows), 3 * len(rows), 0))

    async def explain(
        self, request: ExplainRequest, *, timings: Timings, deadline: float | None = None
    ) -> ExplainResponse:
        await self._wait(deadline)
        names = [request.model] if isinstance(request.model, str) else request.model
        names = [name for asked in names for name in (["mood"] if asked == "*" else [asked])]
        infos = [self._text_model(name) for name in names]
        words = [WordEffect(0, len(request.input), request.input, 0.25, 1.5)]
        return ExplainResponse(
            data=[Explanation(info.name, info.version, "glad", 0.75, words) for info in infos],
            usage=ExplainUsage(2, 6),
        )

    async def embed(
        self, request: EmbedRequest, *, timings: Timings, deadline: float | None = None
    ) -> EmbedResult:
        await self._wait(deadline)
        info = self._text_model(request.model)
        texts = self._texts(request.input)
        return EmbedResult(info.name, self._vectors(len(texts)), 3 * len(texts), 0, [])

    async def probabilities(
        self,
        model: str,
        version: str | None,
        texts: Sequence[Any],
        *,
        timings: Timings,
        deadline: float | None = None,
    ) -> tuple[ModelInfo, FloatArray, list[int]]:
        await self._wait(deadline)
        info = self._text_model(model, version)
        self._texts(list(texts))
        if not info.labels:
            return info, self._vectors(len(texts)), [3] * len(texts)
        return info, np.tile(np.array([0.75, 0.25], np.float32), (len(texts), 1)), [3] * len(texts)

    async def complete(
        self, model: str, request: GenerateRequest, *, coverage: float | None = None
    ) -> AsyncGenerator[Delta | Completed, None]:
        info = self.model(model)
        if not info.decoder:
            raise InvalidRequest(f"{model} is of kind {info.kind!r}", param="model")
        if max(request.n, request.max_tokens / 128) > 16:
            raise InvalidRequest("more than this model does", param="n")
        self.prompts.append((request, coverage))
        self.generating += 1
        try:
            await self._wait(None)
            if (failure := self.fail_prompt.get(str(request.prompt))) is not None:
                raise failure
            async for event in answer(request, self.pause):
                if self.fail_late is not None and isinstance(event, Completed):
                    raise self.fail_late
                yield event
        finally:
            self.generating -= 1

    async def suggest(
        self,
        request: SuggestRequest,
        *,
        client: str,
        key: str = "",
        timings: Timings,
        deadline: float | None = None,
    ) -> SuggestResponse:
        await self._wait(deadline)
        check_request(request, self.settings)
        if self.model(request.model or "replies").kind != "reply":
            raise InvalidRequest("this model has no replies", param="model")
        if isinstance(request.completion, str) and not self.model(request.completion).decoder:
            raise InvalidRequest("this model completes nothing", param="completion")
        self.suggested.append((request, client, key))
        timings.head += 0.002
        timings.completion = 0.03
        reply = ReplySuggestion(id="s1", text="Hello {name}", slots=[], score=0.5, answer="a")
        completion = CompletionSuggestion(id="s2", text=" there", score=-0.5)
        version = ModelVersion("writer", _VERSION)
        return SuggestResponse(
            id="s0",
            replies=[reply],
            completion=completion if request.completion else None,
            late=[],
            failed=[],
            models=SuggestModels(ModelVersion("replies", _VERSION), version),
            usage=SuggestUsage(encoder_tokens=3),
        )

    def feedback(self, records: Sequence[FeedbackRecord]) -> int:
        self.told.extend(records)
        return len(records)

    def models(self) -> list[ModelInfo]:
        return list(self._models.values())

    def model(self, name: str, version: str | None = None) -> ModelInfo:
        info = self._models.get(name)
        if info is None or version not in (None, info.version):
            raise UnknownModel(f"no model {name!r} is served", param="model")
        return info

    def readiness(self) -> Readiness:
        return Readiness(ready=self.state == "ready", state=self.state, models=4, failures={})

    async def start(self) -> None:
        self.state = "ready"

    async def reload(self) -> Readiness:
        self.reloads += 1
        return self.readiness()

    async def drain(self, seconds: float) -> bool:
        self.state = "draining"
        return True

    def _text_model(self, name: str, version: str | None = None) -> ModelInfo:
        info = self.model(name, version)
        if info.decoder or info.kind == "reply":
            raise InvalidRequest(f"{name} is of kind {info.kind}", param="model")
        return info

    async def _wait(self, deadline: float | None) -> None:
        self.deadlines.append(deadline)
        if self.fail is not None:
            raise self.fail
        if self.hold is not None:
            self.entered.set()
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise

    def _texts(self, values: str | list[Any]) -> list[str]:
        texts = [values] if isinstance(values, str) else values
        if len(texts) > self.settings.max_rows:
            raise PayloadTooLarge(f"{len(texts)} rows are too many", param="input")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise InvalidRequest("a row is a text", param=f"input[{index}]")
        return texts

    @staticmethod
    def _vectors(rows: int) -> FloatArray:
        return np.tile(np.array([0.5, -0.5, 0.25, 0.125], np.float32), (rows, 1))


def failing(error: CueboxError | Exception) -> Service:
    """A service whose every request raises."""
    service = Service()
    service.fail = error
    return service
