"""`POST /v1/feedback`: what a person did with a suggestion."""

from __future__ import annotations

from time import time
from typing import Annotated, Literal

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import InvalidRequest, PayloadTooLarge
from cuebox.core.inference import FeedbackEvent, FeedbackRecord

__all__ = ["ROUTES"]

_DAY = 86_400.0


class Feedback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person did with one suggestion.

    Attributes:
        suggestion: the `id` of a reply or of a completion, or of the whole answer where the event
            is about none of them (what was sent in the end).
        event: `shown` on the screen, `accepted` as it is, `edited` after it was accepted,
            `ignored`, or `sent` to the customer.
        text: the final text, of `edited` and `sent`.
        time: when, in Unix seconds; without it, now.
    """

    suggestion: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    event: FeedbackEvent
    text: str = ""
    time: Annotated[float, msgspec.Meta(ge=0)] | None = None


FeedbackRequest = Feedback | Annotated[list[Feedback], msgspec.Meta(min_length=1, max_length=1000)]


class FeedbackResponse(msgspec.Struct, frozen=True, kw_only=True):
    """How much was recorded.

    Attributes:
        recorded: events taken, repeated ones too; 0 where the server keeps no log.
    """

    object: Literal["feedback"] = "feedback"
    recorded: int


_decoder: msgspec.json.Decoder[Feedback | list[Feedback]] = msgspec.json.Decoder(FeedbackRequest)
_encode = msgspec.json.Encoder().encode


async def _feedback(request: Request) -> Response:
    check_json(request)
    asked = decode_json(_decoder, request.body)
    events = asked if isinstance(asked, list) else [asked]
    request.rows = len(events)
    now = time()
    longest = request.service.settings.max_text_chars
    for index, each in enumerate(events):
        _check(each, f"[{index}]." if isinstance(asked, list) else "", now, longest)
    client = request.key.name if request.key else ""
    recorded = request.service.feedback(
        [
            FeedbackRecord(
                suggestion=each.suggestion,
                event=each.event,
                at=now if each.time is None else each.time,
                client=client,
                text=each.text,
            )
            for each in events
        ]
    )
    return Response(_encode(FeedbackResponse(recorded=recorded)))


def _check(event: Feedback, place: str, now: float, longest: int) -> None:
    if len(event.text) > longest:
        raise PayloadTooLarge(
            f"{place}text has {len(event.text)} characters: send at most {longest}",
            param=f"{place}text",
        )
    if event.time is not None and event.time > now + _DAY:
        raise InvalidRequest(
            f"{place}time is {event.time:.15g}, which is to come: send Unix seconds, not "
            "milliseconds",
            param=f"{place}time",
        )


ROUTES = (
    Route(
        method="POST",
        path="/v1/feedback",
        handler=_feedback,
        takes_body=True,
        operation=Operation(
            summary="Tell what became of a suggestion",
            tag="Suggest",
            description=(
                "One event, or a list of up to 1,000. An event of a suggestion is recorded once, "
                "the first time it is told; told again it changes nothing, so a client may repeat "
                "a request that it is unsure of. The answer does not wait for the disk."
            ),
            request=FeedbackRequest,
            response=FeedbackResponse,
            errors=(PayloadTooLarge,),
            examples={
                "one": {"suggestion": "sug-5f2c", "event": "accepted"},
                "many": [
                    {"suggestion": "sug-5f2c", "event": "shown", "time": 1763735423.25},
                    {
                        "suggestion": "sug-5f2c",
                        "event": "edited",
                        "text": "Hello Alexis, how can I help?",
                    },
                ],
            },
        ),
    ),
)
