"""`POST /v1/explain`: which words of a text mattered to one or many classifiers."""

from __future__ import annotations

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import (
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)
from cuebox.serving.explain_requests import ExplainRequest, ExplainResponse

__all__ = ["ROUTES"]

_decoder = msgspec.json.Decoder(ExplainRequest)
_encode = msgspec.json.Encoder().encode


async def _explain(request: Request) -> Response:
    check_json(request)
    asked = decode_json(_decoder, request.body)
    request.model = asked.model if isinstance(asked.model, str) else ",".join(asked.model[:8])
    request.rows = 1
    answer = await request.service.explain(
        asked, timings=request.timings, deadline=request.deadline()
    )
    return Response(_encode(answer))


ROUTES = (
    Route(
        method="POST",
        path="/v1/explain",
        handler=_explain,
        takes_body=True,
        operation=Operation(
            summary="Explain a classification",
            tag="Classify",
            description=(
                "Leaves each word out in turn and says how the label's probability changes "
                "(occlusion), for one classifier, several, or every one (`*`): a text of n "
                "words costs n + 1 runs of the encoder, however many classifiers share it. Of a "
                "long text neighbouring words are left out together. Each character of a "
                "script without spaces is a word, and so is an emoji. The same text gets the "
                "same answer, whatever else the server does."
            ),
            request=ExplainRequest,
            response=ExplainResponse,
            errors=(PayloadTooLarge, UnknownModel, Overloaded, Unavailable, DeadlineExceeded),
            examples={
                "every model's best label": {
                    "model": "*", "input": "my card has not arrived yet",
                },
                "a label": {
                    "model": "banking77",
                    "input": "my card has not arrived yet",
                    "label": "card_delivery_estimate",
                },
            },
        ),
    ),
)  # fmt: skip
