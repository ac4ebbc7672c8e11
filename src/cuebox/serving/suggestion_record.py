"""What the inference log keeps of a suggest request and its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from cuebox.core.inference import Shown, SuggestionRecord

if TYPE_CHECKING:
    from cuebox.serving.requests import Timings
    from cuebox.serving.suggestion_requests import SuggestRequest, SuggestResponse

__all__ = ["suggestion_record"]


def suggestion_record(
    asked: SuggestRequest, answer: SuggestResponse, *, key: str, timings: Timings, seconds: float
) -> SuggestionRecord:
    """What the inference log keeps of a request and its answer.

    Args:
        key: name of the API key; empty without keys.
        seconds: the request took.
    """
    models = answer.models
    shown = [
        Shown(
            id=each.id, source="reply", model=models.reply.name, version=models.reply.version,
            text=each.text, score=each.score, answer=each.answer,
        )
        for each in answer.replies
    ]  # fmt: skip
    if answer.completion is not None and models.completion is not None:
        shown.append(
            Shown(
                id=answer.completion.id, source="completion", model=models.completion.name,
                version=models.completion.version, text=answer.completion.text,
                score=answer.completion.score,
            )
        )  # fmt: skip
    return SuggestionRecord(
        id=answer.id,
        at=time.time(),
        session=asked.session,
        client=key,
        conversation=msgspec.json.encode(asked.conversation).decode(),
        draft=asked.draft,
        shown=shown,
        milliseconds={
            "reply": 1e3 * timings.reply,
            "completion": 1e3 * timings.completion,
            "total": 1e3 * seconds,
        },
    )
