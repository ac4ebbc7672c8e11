"""One completion: the threshold for the coverage asked for, the generator, and what it took."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.errors import Conflict, CueboxError
from cuebox.core.generation import Completed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from cuebox.core.generation import Delta, GenerateRequest
    from cuebox.serving.catalog import CompletionModel
    from cuebox.serving.leases import Leases
    from cuebox.serving.metrics import Labels, Metrics

__all__ = ["complete", "generate"]


async def complete(
    leases: Leases,
    model: str,
    request: GenerateRequest,
    coverage: float | None,
    metrics: Metrics,
) -> AsyncGenerator[Delta | Completed, None]:
    """Answer with one model of the catalog in force; see `Service.complete`."""
    with leases.lease(1, None) as (catalog, _):
        served = catalog.completion_model(model)
        if coverage is not None:
            threshold = served.predictor.min_score(coverage, request.stop_at)
            request = _only_when_sure(request, threshold)
        async with aclosing(generate(served, request, metrics)) as items:
            async for item in items:
                yield item


async def generate(
    served: CompletionModel, request: GenerateRequest, metrics: Metrics
) -> AsyncGenerator[Delta | Completed, None]:
    """Ask one model of a leased catalog, and count what came of it; raises as `Generator.stream`."""
    label = ("model", served.info.name)
    outcome = "cancelled"
    try:
        async with aclosing(served.generator.stream(request)) as items:
            async for item in items:
                if isinstance(item, Completed):
                    outcome = "completed"
                    _measure(item, (label,), metrics)
                yield item
    except Conflict:
        outcome = "superseded"
        raise
    except CueboxError as error:
        outcome = error.code
        raise
    finally:
        metrics.count("cuebox_completions_total", (label, ("outcome", outcome)))


def _only_when_sure(request: GenerateRequest, threshold: float) -> GenerateRequest:
    asked = request.min_score
    score = threshold if asked is None else max(asked, threshold)
    return msgspec.structs.replace(request, min_score=score)


def _measure(answer: Completed, model: Labels, metrics: Metrics) -> None:
    usage = answer.usage
    for name, tokens in (
        ("prompt", usage.prompt_tokens),
        ("cached", usage.cached_tokens),
        ("completion", usage.completion_tokens),
    ):
        metrics.count(f"cuebox_{name}_tokens_total", model, tokens)
    metrics.observe("cuebox_completion_queue_seconds", answer.queue_ms / 1e3, model)
    metrics.observe("cuebox_first_token_seconds", answer.first_token_ms / 1e3, model)
    metrics.observe("cuebox_completion_seconds", answer.total_ms / 1e3, model)
    if answer.steps > 1:
        between = (answer.total_ms - answer.first_token_ms) / (answer.steps - 1)
        metrics.observe("cuebox_token_seconds", between / 1e3, model)
