"""`POST /v1/suggest`: replies, and how the draft may go on, for the agent in a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.errors import Superseded
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import (
    Conflict,
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)
from cuebox.serving.suggestion_requests import SuggestRequest, SuggestResponse

if TYPE_CHECKING:
    from cuebox.serving.requests import Timings

__all__ = ["ROUTES"]

_decoder = msgspec.json.Decoder(SuggestRequest)
_encode = msgspec.json.Encoder().encode


async def _suggest(request: Request) -> Response:
    check_json(request)
    asked = decode_json(_decoder, request.body)
    request.model = asked.model
    request.rows = len(asked.conversation)
    try:
        answer = await request.service.suggest(
            asked,
            client=request.client,
            key=request.key.name if request.key else "",
            timings=request.timings,
            deadline=request.deadline(),
        )
    except Conflict as error:
        raise Superseded(error.message) from error
    request.model = answer.models.reply.name
    return Response(_encode(answer), timing=_timing(request.timings))


def _timing(timings: Timings) -> bytes:
    """`Server-Timing` entries; both sources ran at once, so they do not add up."""
    return b"queue;dur=%.2f, encode;dur=%.2f, rank;dur=%.2f, complete;dur=%.2f" % (
        timings.queue * 1e3,
        (timings.tokenize + timings.encode) * 1e3,
        timings.head * 1e3,
        timings.completion * 1e3,
    )


_CONVERSATION = [
    {"role": "user", "text": "Hi, I want to book a doctor's appointment."},
    {"role": "agent", "text": "Could I get your name, please?"},
    {"role": "user", "text": "My name is Alexis."},
]

ROUTES = (
    Route(
        method="POST",
        path="/v1/suggest",
        handler=_suggest,
        takes_body=True,
        operation=Operation(
            summary="Suggest what to say next",
            tag="Suggest",
            description=(
                "Whole replies ranked by a reply model, and one inline continuation of the draft "
                "by a completion model. Both run at once within `max_time_ms`; what is late or "
                "fails is named, and the other is answered. Each suggestion has an id, a "
                "score and a source, and is shown only when it is sure enough (`coverage`, "
                "`min_score`). A client that leaves frees both."
            ),
            request=SuggestRequest,
            response=SuggestResponse,
            errors=(
                PayloadTooLarge,
                UnknownModel,
                Superseded,
                Overloaded,
                Unavailable,
                DeadlineExceeded,
            ),
            examples={
                "before typing": {"conversation": _CONVERSATION},
                "while typing": {
                    "conversation": _CONVERSATION, "draft": "Who is your d", "session": "tab-1",
                },
                "only what is sure": {
                    "conversation": _CONVERSATION, "draft": "Who", "k": 1, "completion": False,
                    "coverage": {"reply": 0.5}, "max_time_ms": 200,
                },
            },
        ),
    ),
)  # fmt: skip
