"""`POST /v1/completions`: OpenAI's contract, and what a typing person needs besides."""

from __future__ import annotations

from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.completion_events import Answers
from cuebox.api.completion_request import CompletionRequest, generate_requests
from cuebox.api.completion_response import Completion, Heading, completion, timing
from cuebox.api.completion_stream import CompletionStream, EventWriter
from cuebox.api.errors import Superseded, UnsupportedParameter
from cuebox.api.messages import EVENTS, Request, Response
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import (
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)

if TYPE_CHECKING:
    from cuebox.api.settings import LimitSettings

__all__ = ["completion_routes"]

_decoder = msgspec.json.Decoder(CompletionRequest)
_encode = msgspec.json.Encoder().encode

# Proxies that gather an answer before they pass it on are told not to.
_STREAM_HEADERS = [(b"x-accel-buffering", b"no")]


def completion_routes(limits: LimitSettings) -> tuple[Route, ...]:
    """The route, within `limits`."""

    async def handler(request: Request) -> Response:
        check_json(request)
        asked = decode_json(_decoder, request.body)
        request.model = asked.model
        answers, heading = _begin(request, asked, limits)
        if asked.stream:
            return await _stream(request, asked, answers, heading)
        async with aclosing(answers):
            found = await answers.whole()
        body = _encode(completion(heading, found, asked.n or 1))
        return Response(body, timing=timing(found))

    return (
        Route(
            method="POST",
            path="/v1/completions",
            handler=handler,
            takes_body=True,
            operation=_OPERATION,
        ),
    )


def _begin(
    request: Request, asked: CompletionRequest, limits: LimitSettings
) -> tuple[Answers, Heading]:
    """Start to answer every prompt."""
    service = request.service
    work = generate_requests(asked, limits, client=request.client)
    request.rows = len(work)
    heading = Heading.of(request, service.model(asked.model))
    seconds = request.deadline() - monotonic()
    streams = [service.complete(asked.model, each, coverage=asked.coverage) for each in work]
    return Answers(streams, seconds), heading


async def _stream(
    request: Request, asked: CompletionRequest, answers: Answers, heading: Heading
) -> Response:
    """The answer, begun with its first events: an error before them still has its own status."""
    begun = monotonic()
    try:
        first = await answers.take()
    except BaseException:
        await answers.aclose()
        raise
    options = asked.stream_options
    writer = EventWriter(
        heading,
        prompts=request.rows,
        n=asked.n or 1,
        with_usage=bool(options and options.include_usage),
    )
    return Response(
        pieces=CompletionStream(request, answers, writer, first),
        content_type=EVENTS,
        headers=_STREAM_HEADERS,
        timing=b"first_token;dur=%.2f" % ((monotonic() - begun) * 1e3),
    )


_ASK: dict[str, Any] = {"model": "writer", "prompt": "It was a dark and stormy ni"}

_EVENTS = (
    'data: {"id":"cmpl-1","object":"text_completion","created":1795255200,"model":"writer",'
    '"system_fingerprint":"2026-11-21.1-0123456789ab",'
    '"choices":[{"index":0,"text":"ght","logprobs":null,"finish_reason":null}]}\n\n'
    "data: [DONE]\n\n"
)

_OPERATION = Operation(
    summary="Continue texts",
    tag="Completions",
    description=(
        "OpenAI's request and answer; the `openai` client works unchanged, with the extensions "
        "in its `extra_body`. With `stream` the answer is server-sent events; one that fails "
        'half-way ends with `data: {"error": ...}` instead of `[DONE]`. A client that leaves '
        "frees its place at once, streaming or not; so does a newer request of the same "
        "`session`."
    ),
    request=CompletionRequest,
    response=Completion,
    events=_EVENTS,
    errors=(
        PayloadTooLarge,
        UnsupportedParameter,
        UnknownModel,
        Superseded,
        Overloaded,
        Unavailable,
        DeadlineExceeded,
    ),
    examples={
        "three ways on": {
            **_ASK, "n": 3, "max_tokens": 20, "temperature": 0.7, "stop_at": "sentence",
        },
        "as typed": {
            **_ASK, "max_tokens": 8, "stop_at": "word", "max_time_ms": 200, "session": "tab-1",
        },
        "streamed": {
            **_ASK, "max_tokens": 40, "stream": True, "stream_options": {"include_usage": True},
        },
        "what each token was worth": {
            "model": "writer", "prompt": ["One.", "Two."], "max_tokens": 0, "echo": True,
            "logprobs": 2,
        },
    },
)  # fmt: skip
