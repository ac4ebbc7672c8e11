"""The service: what the server does, free of any transport."""

from __future__ import annotations

import asyncio
import logging
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from cuebox.core.errors import UnknownModel
from cuebox.serving.catalog import CompletionModel
from cuebox.serving.classification import classify
from cuebox.serving.completion import complete
from cuebox.serving.embedding import embed, tensor
from cuebox.serving.explanation import explain, most_runs
from cuebox.serving.gauges import register_gauges
from cuebox.serving.host import HostOnDemand
from cuebox.serving.leases import Leases
from cuebox.serving.loader import Loader
from cuebox.serving.metrics import Metrics
from cuebox.serving.opening import ModelOpener
from cuebox.serving.outcomes import REQUESTS, FailuresCounted, answered
from cuebox.serving.requests import Readiness
from cuebox.serving.suggestion import suggest
from cuebox.serving.suggestion_record import suggestion_record

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from cuebox.core.generation import Completed, Delta, GenerateRequest
    from cuebox.core.inference import FeedbackRecord
    from cuebox.core.types import FloatArray
    from cuebox.serving.catalog import Catalog, Served
    from cuebox.serving.explain_requests import ExplainRequest, ExplainResponse
    from cuebox.serving.parts import Parts
    from cuebox.serving.requests import (
        ClassifyRequest,
        ClassifyResponse,
        EmbedRequest,
        EmbedResult,
        ModelInfo,
        Timings,
    )
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.suggestion_requests import SuggestRequest, SuggestResponse

__all__ = ["Service"]

_log = logging.getLogger(__name__)

# A worker that returns from the encoder waits for the event loop to give up the GIL; Python's
# default of 5 ms is longer than the whole inference.
_SWITCH_INTERVAL_SECONDS = 0.0005

_HEAD = (("phase", "head"),)


class Service:
    """Serves the models of a store; every method belongs to one event loop.

    Deadlines are `time.monotonic()` seconds. A caller that gives up cancels the task that awaits
    the service; its rows are dropped before an encoder sees them.
    """

    def __init__(self, parts: Parts, settings: ServingSettings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.store = parts.store
        self.answer_lists = parts.answer_lists
        self._host = HostOnDemand(parts.open_host, self.metrics)
        self._inference_log = parts.inference_log
        opener = ModelOpener(parts, settings, self.metrics, self._host.get)
        self._loader = Loader(parts, settings, opener)
        self._leases = Leases(settings)
        self._loading = asyncio.Lock()
        self._state: Literal["starting", "ready", "draining"] = "starting"
        self._watcher: asyncio.Task[None] | None = None
        register_gauges(self.metrics, parts, self._leases)

    async def start(self) -> None:
        """Load every model, then keep an eye on the store.

        A model that cannot be loaded keeps the service `starting`, with the reason in
        `readiness()`, until a later look at the store finds all of them good.
        """
        sys.setswitchinterval(_SWITCH_INTERVAL_SECONDS)
        self._host.bind(asyncio.get_running_loop())
        await self.reload()
        if self.settings.reload_interval:
            self._watcher = asyncio.create_task(self._watch(), name="watch-store")

    async def reload(self) -> Readiness:
        """Look at the store now and swap what changed, under running requests."""
        async with self._loading:
            catalog = await asyncio.to_thread(self._loader.load, self._leases.current)
            if catalog is not self._leases.current:
                self._leases.swap(catalog)
        if self._state == "starting" and not catalog.failures:
            self._state = "ready"
        return self.readiness()

    async def drain(self, seconds: float) -> bool:
        """Turn unready, answer what was admitted, write what was logged, then close.

        Args:
            seconds: for all of it; the log gets one more where the answers took them all.

        Returns:
            Whether everything was answered.
        """
        until = monotonic() + seconds
        self._state = "draining"
        if self._watcher is not None:
            self._watcher.cancel()
        async with self._loading:
            try:
                return await self._leases.drain(seconds)
            finally:
                await self._host.close()
                if self._inference_log is not None:
                    left = max(1.0, until - monotonic())
                    await asyncio.to_thread(self._inference_log.close, left)

    def readiness(self) -> Readiness:
        """Whether to send traffic here."""
        catalog = self._leases.current
        failures = dict(catalog.failures)
        state: Literal["starting", "ready", "recovering", "draining"] = self._state
        if catalog.generators and self._host.trouble:
            failures |= {
                name: self._host.trouble
                for name, served in catalog.models.items()
                if isinstance(served, CompletionModel)
            }
            state = "recovering" if state == "ready" else state
        return Readiness(
            ready=state == "ready", state=state, models=len(catalog.models), failures=failures
        )

    def models(self) -> list[ModelInfo]:
        """Every served model."""
        return [served.info for served in self._leases.current.models.values()]

    def model(self, name: str, version: str | None = None) -> ModelInfo:
        """One served model.

        Raises:
            UnknownModel: not served, or not in that version.
        """
        return _find(self._leases.current, name, version).info

    async def classify(
        self, request: ClassifyRequest, *, timings: Timings, deadline: float | None = None
    ) -> ClassifyResponse:
        """Classify every input with every model asked for."""
        counted = self._failures_of(lambda current: current.plan(request.model).names)
        with counted, self._leases.lease(_rows(request.input), deadline) as (catalog, until):
            answer = await classify(
                catalog, request, self.settings, timings=timings, deadline=until
            )
            plan = catalog.plan(request.model)
        self.metrics.count_each("cuebox_rows_total", plan.labels, len(answer.data))
        self.metrics.count_each(REQUESTS, plan.answered)
        self.metrics.observe("cuebox_phase_seconds", timings.head, _HEAD)
        return answer

    async def explain(
        self, request: ExplainRequest, *, timings: Timings, deadline: float | None = None
    ) -> ExplainResponse:
        """Which words of a text mattered to every model asked for."""
        runs = most_runs(request.input, self.settings)
        counted = self._failures_of(lambda current: current.plan(request.model).names)
        with counted, self._leases.lease(runs, deadline) as (catalog, until):
            answer = await explain(catalog, request, self.settings, timings=timings, deadline=until)
            for each in answer.data:
                self._count(each.model, 1 + len(each.words))
        return answer

    async def embed(
        self, request: EmbedRequest, *, timings: Timings, deadline: float | None = None
    ) -> EmbedResult:
        """Embed texts or token ids with an encoder."""
        counted = self._failures_of(lambda current: [current.find(request.model).info.name])
        with counted, self._leases.lease(_rows(request.input), deadline) as (catalog, until):
            result = await embed(catalog, request, self.settings, timings=timings, deadline=until)
        self._count(request.model, len(result.embeddings))
        return result

    async def probabilities(
        self,
        model: str,
        version: str | None,
        texts: Sequence[Any],
        *,
        timings: Timings,
        deadline: float | None = None,
    ) -> tuple[ModelInfo, FloatArray, list[int]]:
        """A model as a function from texts to a tensor.

        Returns:
            The model; float32 `[rows, labels]` calibrated probabilities for a classifier or
            `[rows, dim]` embeddings for an encoder; the tokens read per row.
        """
        counted = self._failures_of(lambda current: [_find(current, model, version).info.name])
        with counted, self._leases.lease(len(texts), deadline) as (catalog, until):
            served = _find(catalog, model, version)
            matrix, tokens = await tensor(
                catalog.text_model(model), texts, self.settings, timings=timings, deadline=until
            )
        self._count(model, len(tokens))
        return served.info, matrix, tokens

    def complete(
        self, model: str, request: GenerateRequest, *, coverage: float | None = None
    ) -> AsyncGenerator[Delta | Completed, None]:
        """Continue a prompt; closing the generator frees its place within one decoding step.

        Args:
            coverage: answer only about this share of requests, those the model is surest of;
                the threshold is what the version recorded on its validation data.

        Raises:
            UnknownModel: not served.
            InvalidRequest: not a completion model, or a field does not fit it.
            Overloaded, Conflict, Unavailable: as `Generator.stream` says.
        """
        return complete(self._leases, model, request, coverage, self.metrics)

    async def suggest(
        self,
        request: SuggestRequest,
        *,
        client: str,
        key: str = "",
        timings: Timings,
        deadline: float | None = None,
    ) -> SuggestResponse:
        """Replies and an inline completion for a conversation and a draft; they are logged.

        Args:
            client: whose session it is.
            key: name of the API key; empty without keys.

        Raises:
            UnknownModel, InvalidRequest, PayloadTooLarge: the request cannot be answered.
            Conflict: a newer request of the session took this one's place.
        """
        began = monotonic()
        counted = self._failures_of(lambda current: [current.reply_model(request.model).info.name])
        with counted, self._leases.lease(1, deadline) as (catalog, until):
            answer = await suggest(
                catalog, request, self.settings,
                client=client, timings=timings, deadline=until, metrics=self.metrics,
            )  # fmt: skip
        self._count(answer.models.reply.name, 1)
        self.metrics.observe("cuebox_phase_seconds", timings.head, _HEAD)
        if self._inference_log is not None:
            seconds = monotonic() - began
            self._inference_log.suggested(
                suggestion_record(request, answer, key=key, timings=timings, seconds=seconds)
            )
        return answer

    def feedback(self, records: Sequence[FeedbackRecord]) -> int:
        """Log what people did with suggestions, without waiting for it to be written.

        Returns:
            How many were taken: all, or none without a log.
        """
        if self._inference_log is None:
            return 0
        for record in records:
            self._inference_log.feedback(record)
            self.metrics.count("cuebox_feedback_total", (("event", record.event),))
        return len(records)

    def _count(self, model: str, rows: int) -> None:
        self.metrics.count("cuebox_rows_total", (("model", model),), rows)
        self.metrics.count(REQUESTS, answered(model))

    def _failures_of(self, names: Callable[[Catalog], Sequence[str]]) -> FailuresCounted:
        return FailuresCounted(self.metrics, lambda: names(self._leases.current))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.settings.reload_interval)
            try:
                await self.reload()
            except Exception:
                _log.exception("cannot look at the store; serving goes on with what is loaded")


def _find(catalog: Catalog, name: str, version: str | None) -> Served:
    served = catalog.find(name)
    if version is not None and version != served.info.version:
        raise UnknownModel(
            f"model {name!r} is served in version {served.info.version}, not {version[:40]!r}",
            param="version",
        )
    return served


def _rows(values: str | Sequence[Any]) -> int:
    return 1 if isinstance(values, str) else len(values)
