"""One suggest request: replies are ranked and the draft is continued, side by side, in time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from cuebox.serving.ids import new_id
from cuebox.serving.side_by_side import Missed, side_by_side
from cuebox.serving.suggestion_plan import make_plan
from cuebox.serving.suggestion_requests import (
    CompletionSuggestion,
    ModelVersion,
    ReplySuggestion,
    SourceFailure,
    SuggestModels,
    SuggestResponse,
    SuggestUsage,
)
from cuebox.serving.suggestion_sources import Ranked, complete, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.generation import Completed
    from cuebox.serving.catalog import Catalog
    from cuebox.serving.metrics import Metrics
    from cuebox.serving.requests import ModelInfo, Timings
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.suggestion_plan import Plan
    from cuebox.serving.suggestion_requests import Source, SuggestRequest

__all__ = ["suggest"]

_WORD = re.compile(r"\w+")


async def suggest(
    catalog: Catalog,
    asked: SuggestRequest,
    settings: ServingSettings,
    *,
    client: str,
    timings: Timings,
    deadline: float,
    metrics: Metrics,
) -> SuggestResponse:
    """Answer one request from one catalog; see `SuggestRequest`.

    What has not come in time is cancelled, and so is everything when the caller is.

    Args:
        client: whose session it is.
        deadline: `time.monotonic()` seconds.

    Raises:
        UnknownModel, InvalidRequest, PayloadTooLarge: as `make_plan` says.
        Conflict: a newer request of the session took this one's place.
    """
    began = time.monotonic()
    plan = make_plan(catalog, asked, settings)
    budget = asked.max_time_ms or settings.suggest.max_time_ms
    until = min(began + budget / 1e3, deadline)
    ranked, completed = await side_by_side(
        rank(plan.reply, asked, plan.reply_score, timings=timings, until=until),
        complete(
            plan.completion, asked, plan.completion_score, settings.suggest,
            client=client, until=until, timings=timings, metrics=metrics,
        ),
        until=until,
    )  # fmt: skip
    answer = _answer(asked, plan, ranked, completed)
    _count(answer, metrics)
    return answer


def _answer(
    asked: SuggestRequest,
    plan: Plan,
    ranked: Ranked | Missed,
    completed: Completed | Missed | None,
) -> SuggestResponse:
    late: list[Source] = []
    failed = [plan.missing] if plan.missing else []
    outcomes: dict[Source, object] = {"reply": ranked, "completion": completed}
    for source, outcome in outcomes.items():
        if isinstance(outcome, Missed):
            if outcome.error is None:
                late.append(source)
            else:
                failed.append(SourceFailure(source, outcome.error.code, outcome.error.message))
    if isinstance(ranked, Missed):
        ranked = Ranked([])
    if isinstance(completed, Missed):
        completed = None
    return SuggestResponse(
        id=new_id(),
        replies=[
            ReplySuggestion(
                id=new_id(), text=each.text, slots=each.slots, score=each.score, answer=each.answer
            )
            for each in ranked.replies
        ],
        completion=_completion(asked.draft, completed, ranked),
        late=late,
        failed=failed,
        models=SuggestModels(
            _version(plan.reply.info),
            None if plan.completion is None else _version(plan.completion.info),
        ),
        usage=_usage(ranked, completed),
    )


def _completion(
    draft: str, completed: Completed | None, ranked: Ranked
) -> CompletionSuggestion | None:
    """The completion, unless a reply says the same in the same words, case and marks apart.

    One that is only the beginning of a reply stays: it serves who wants another end.
    """
    if completed is None or not completed.choices:
        return None
    choice = completed.choices[0]
    if not choice.text.strip():
        return None
    words = _words(draft + choice.text)
    if any(_words(reply.text) == words for reply in ranked.replies):
        return None
    return CompletionSuggestion(id=new_id(), text=choice.text, score=choice.score)


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold())


def _version(info: ModelInfo) -> ModelVersion:
    return ModelVersion(info.name, info.version)


def _usage(ranked: Ranked, completed: Completed | None) -> SuggestUsage:
    usage = SuggestUsage(encoder_tokens=ranked.tokens, cached_rows=ranked.cached)
    if completed is not None:
        usage.prompt_tokens = completed.usage.prompt_tokens
        usage.cached_tokens = completed.usage.cached_tokens
        usage.completion_tokens = completed.usage.completion_tokens
    return usage


def _count(answer: SuggestResponse, metrics: Metrics) -> None:
    """`cuebox_suggestions_total`: by source, what came of each request that asked it."""
    failed = {failure.source for failure in answer.failed}
    found: dict[Source, object] = {"reply": answer.replies}
    if answer.models.completion is not None or "completion" in failed:
        found["completion"] = answer.completion
    for source, shown in found.items():
        outcome = "late" if source in answer.late else "failed" if source in failed else None
        labels = (("source", source), ("outcome", outcome or ("shown" if shown else "none")))
        metrics.count("cuebox_suggestions_total", labels)
