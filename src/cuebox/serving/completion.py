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
    from cuebox.serving.metrics import Labels, Metrics

__all__ = ["complete"]


async def complete(
    served: CompletionModel, request: GenerateRequest, coverage: float | None, metrics: Metrics
) -> AsyncGenerator[Delta | Completed, None]:
    """Answer with one model; see `Service.complete`.

    Raises:
        InvalidRequest: the version knows no threshold for `coverage`, or a field does not fit.
        Overloaded, Conflict, Unavailable: as the generator says.
    """
    if coverage is not None:
        request = _only_when_sure(request, served.predictor.min_score(coverage))
    model = ("model", served.info.name)
    outcome = "cancelled"
    try:
        async with aclosing(served.generator.stream(request)) as items:
            async for item in items:
                if isinstance(item, Completed):
                    outcome = "completed"
                    _measure(item, (model,), metrics)
                yield item
    except Conflict:
        outcome = "superseded"
        raise
    except CueboxError as error:
        outcome = error.code
        raise
    finally:
        metrics.count("cuebox_completions_total", (model, ("outcome", outcome)))


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
