"""`POST /v1/classify`: one or many models on one or many texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.pieces import in_pieces
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import (
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)
from cuebox.serving.requests import ClassifyRequest, ClassifyResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.serving.requests import RowResult

__all__ = ["ROUTES"]

_decoder = msgspec.json.Decoder(ClassifyRequest)
_encode = msgspec.json.Encoder().encode
_ROWS_AT_ONCE = 256


async def _classify(request: Request) -> Response:
    check_json(request)
    asked = decode_json(_decoder, request.body)
    request.model = asked.model if isinstance(asked.model, str) else ",".join(asked.model[:8])
    request.rows = 1 if isinstance(asked.input, str) else len(asked.input)
    answer = await request.service.classify(
        asked, timings=request.timings, deadline=request.deadline()
    )
    if len(answer.data) <= _ROWS_AT_ONCE:
        return Response(_encode(answer))
    usage = _encode(answer.usage)
    return Response(
        pieces=in_pieces(
            answer.data,
            _encode_rows,
            before=b'{"object":"list","data":',
            after=b',"usage":' + usage + b"}",
            size=_ROWS_AT_ONCE,
        )
    )


def _encode_rows(rows: Sequence[RowResult], _start: int) -> bytes:
    return _encode(rows)


ROUTES = (
    Route(
        method="POST",
        path="/v1/classify",
        handler=_classify,
        takes_body=True,
        operation=Operation(
            summary="Classify texts",
            tag="Classify",
            description=(
                "Runs one classifier, several, or every one (`*`) on one text or a list of "
                "texts. All classifiers on one encoder cost about as much as one. Rows come "
                "back in the order of the input; with `on_error: row` a bad row carries its "
                "own error and the others are answered."
            ),
            request=ClassifyRequest,
            response=ClassifyResponse,
            errors=(PayloadTooLarge, UnknownModel, Overloaded, Unavailable, DeadlineExceeded),
            examples={
                "one": {"model": "*", "input": "my card has not arrived yet", "top_k": 3},
                "many": {
                    "model": "*",
                    "input": ["my card has not arrived yet", "play some jazz"],
                    "on_error": "row",
                },
            },
        ),
    ),
)
