"""What the HTTP layer asks of the service behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from cuebox.core.generation import Completed, Delta, GenerateRequest
    from cuebox.core.inference import FeedbackRecord
    from cuebox.core.ports import AnswerLists, ModelStore
    from cuebox.core.types import FloatArray
    from cuebox.serving.explain_requests import ExplainRequest, ExplainResponse
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.requests import (
        ClassifyRequest,
        ClassifyResponse,
        EmbedRequest,
        EmbedResult,
        ModelInfo,
        Readiness,
        Timings,
    )
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.suggestion_requests import SuggestRequest, SuggestResponse

__all__ = ["ModelService"]


class ModelService(Protocol):
    """The service as HTTP sees it; cancelling a call drops the rows it still waits for."""

    @property
    def settings(self) -> ServingSettings:
        """Bounds that the documentation repeats."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Counters of this process; HTTP adds its own."""
        ...

    @property
    def store(self) -> ModelStore:
        """Where versions and aliases live; its calls block."""
        ...

    @property
    def answer_lists(self) -> AnswerLists | None:
        """Lists to review; None where that is off. Calls block."""
        ...

    async def classify(
        self, request: ClassifyRequest, *, timings: Timings, deadline: float | None = None
    ) -> ClassifyResponse:
        """Answer; `deadline` is on the clock of `time.monotonic`."""
        ...

    async def explain(
        self, request: ExplainRequest, *, timings: Timings, deadline: float | None = None
    ) -> ExplainResponse:
        """Which words of one text mattered."""
        ...

    async def embed(
        self, request: EmbedRequest, *, timings: Timings, deadline: float | None = None
    ) -> EmbedResult:
        """Embeddings in the order of the input."""
        ...

    async def probabilities(
        self,
        model: str,
        version: str | None,
        texts: Sequence[Any],
        *,
        timings: Timings,
        deadline: float | None = None,
    ) -> tuple[ModelInfo, FloatArray, list[int]]:
        """Float32 `[rows, labels]`, or `[rows, dim]` for an encoder; and tokens per row."""
        ...

    def complete(
        self, model: str, request: GenerateRequest, *, coverage: float | None = None
    ) -> AsyncGenerator[Delta | Completed, None]:
        """Deltas if the request streams, then one `Completed`; closing it stops the work.

        `coverage` stands for the score below which this model withholds its answer. A newer
        request of the session shows as `Conflict`.
        """
        ...

    async def suggest(
        self,
        request: SuggestRequest,
        *,
        client: str,
        key: str = "",
        timings: Timings,
        deadline: float | None = None,
    ) -> SuggestResponse:
        """Replies and an inline completion, which are logged.

        `client` is whose session it is, `key` the name of the API key. A newer request of the
        session shows as `Conflict`.
        """
        ...

    def feedback(self, records: Sequence[FeedbackRecord]) -> int:
        """Log what people did with suggestions; how many were taken."""
        ...

    def models(self) -> list[ModelInfo]:
        """Everything served."""
        ...

    def model(self, name: str, version: str | None = None) -> ModelInfo:
        """One served model; raises `UnknownModel`."""
        ...

    def readiness(self) -> Readiness:
        """Whether traffic should come here."""
        ...

    async def start(self) -> None:
        """Load every model, then keep an eye on the store."""
        ...

    async def reload(self) -> Readiness:
        """Look at the store now."""
        ...

    async def drain(self, seconds: float) -> bool:
        """Finish what was admitted within `seconds`, then stop; whether all was answered."""
        ...
