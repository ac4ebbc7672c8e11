"""An answer as server-sent events: `data: {...}` for each piece of text, then `[DONE]`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from cuebox.api.completion_response import usage
from cuebox.api.errors import error_body, public_error
from cuebox.core.errors import Unavailable
from cuebox.core.generation import Completed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cuebox.api.completion_events import Answers, Event
    from cuebox.api.completion_response import Heading
    from cuebox.api.messages import Request
    from cuebox.core.generation import Delta

__all__ = ["CompletionStream", "EventWriter"]

_encode = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"


class EventWriter:
    """Writes the events of one answer around pieces that were encoded once.

    Args:
        prompts: how many prompts are answered.
        n: choices of each prompt.
        with_usage: whether a last event carries the usage, and all others a null.
    """

    def __init__(self, heading: Heading, *, prompts: int, n: int, with_usage: bool) -> None:
        self._before = (
            b'data: {"id":%s,"object":"text_completion","created":%d,"model":%s,'
            b'"system_fingerprint":%s,"choices":['
            % (
                _encode(heading.id),
                heading.created,
                _encode(heading.model),
                _encode(heading.system_fingerprint),
            )
        )
        self._with_usage = with_usage
        self._after = b'],"usage":null}\n\n' if with_usage else b"]}\n\n"
        self._plain = b',"logprobs":null,"finish_reason":null}' + self._after
        self._heads = [
            self._before + b'{"index":%d,"text":' % index for index in range(prompts * n)
        ]
        self._n = n
        self._prompts = prompts
        self._answers: list[Completed] = []

    @property
    def done(self) -> bool:
        """Whether every prompt was answered and the end is written."""
        return len(self._answers) == self._prompts

    def write(self, events: list[tuple[int, Event]]) -> bytes:
        """What to send for these events; after the last, the end of the stream."""
        written = []
        for prompt, event in events:
            if isinstance(event, Completed):
                self._answers.append(event)
            else:
                written.append(self._delta(prompt * self._n + event.index, event))
        if self.done:
            if self._with_usage:
                total = _encode(usage(self._answers))
                written.append(self._before + b'],"usage":' + total + b"}\n\n")
            written.append(_DONE)
        return b"".join(written)

    def _delta(self, index: int, delta: Delta) -> bytes:
        head = self._heads[index] + _encode(delta.text)
        if delta.finish_reason is None and delta.logprobs is None:
            return head + self._plain
        score = b"" if delta.score is None else b',"score":' + _encode(delta.score)
        return b'%s,"logprobs":%s,"finish_reason":%s%s}%s' % (
            head,
            _encode(delta.logprobs),
            _encode(delta.finish_reason),
            score,
            self._after,
        )


class CompletionStream:
    """The pieces of a streamed answer.

    An error after the status was sent is an event of its own, `data: {"error": ...}`, and ends
    the stream without `[DONE]`.

    Args:
        first: events that came before the answer was begun.
    """

    def __init__(
        self,
        request: Request,
        answers: Answers,
        writer: EventWriter,
        first: list[tuple[int, Event]],
    ) -> None:
        self._request = request
        self._answers = answers
        self._writer = writer
        self._next = first
        self._ended = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next events."""
        if self._ended:
            raise StopAsyncIteration
        try:
            events, self._next = self._next or await self._answers.take(), []
            piece = self._writer.write(events)
            self._ended = self._writer.done
        except asyncio.CancelledError:
            if self._request.abandoned() is not None:
                raise
            piece = self._last_words(Unavailable("the server is stopping"))
        except Exception as error:
            piece = self._last_words(error)
        return piece

    async def aclose(self) -> None:
        """Stop generating."""
        await self._answers.aclose()

    def _last_words(self, error: BaseException) -> bytes:
        """The event that tells of an error."""
        self._ended = True
        told = public_error(error, self._request.id)
        self._request.failure = told.code
        return b"data: " + error_body(told, "openai") + b"\n\n"
