"""Messages over a byte stream: whatever the pieces, and whatever else arrives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core import errors
from cuebox.core.generation import Choice, Completed, Delta, GenerateRequest, Usage
from cuebox.generation.process.wire import (
    LONGEST_FRAME,
    Cancel,
    Command,
    Failed,
    Finished,
    Generate,
    Hello,
    Load,
    Loaded,
    Pieces,
    Pulse,
    Release,
    Reply,
    Score,
    Scored,
    WireError,
    command_frames,
    frame,
    reply_frames,
)
from tests.fakes.engine import fake_spec

COMMANDS: list[Command] = [
    Load(1, fake_spec(), "/weights", "/tokenizer"),
    Generate(
        2, "digest", GenerateRequest(prompt="naïve 🙂", logit_bias={7: -100.0}, stop=["\n", "é"])
    ),
    Generate(3, "digest", GenerateRequest(prompt=[1, 2, 3], seed=9, session="s", client="c")),
    Cancel(3),
    Score(4, "digest", [1, 2]),
    Score(5, "digest", "text"),
    Release("digest"),
]

COMPLETED = Completed(
    choices=[Choice(index=0, text="é", finish_reason="stop", score=-0.5, tokens=2)],
    usage=Usage(prompt_tokens=3, completion_tokens=2, cached_tokens=1),
    queue_ms=0.1,
    first_token_ms=1.5,
    total_ms=9.0,
    steps=2,
)
REPLIES: list[Reply] = [
    Hello(77),
    Loaded(1),
    Pieces(2, [Delta(index=1, text="a"), Delta(index=0, text="", finish_reason="stop")]),
    Finished(2, COMPLETED),
    Scored(4, [-0.25, float("-inf")]),
    Failed(5, "overloaded", "full", None, 1.5),
    Pulse([("running_rows", "digest", 2.0)], [("steps_total", "digest", 3.0)]),
]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2_000), max_size=30))
def test_messages_survive_any_cut(cuts: list[int]) -> None:
    for messages, frames in ((COMMANDS, command_frames()), (REPLIES, reply_frames())):
        stream = b"".join(frame(message) for message in messages)
        places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
        found = [
            message for begin, end in pairwise(places) for message in frames.feed(stream[begin:end])
        ]
        assert found == messages


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_an_error_or_waits_for_more(data: bytes) -> None:
    try:
        messages = list(command_frames().feed(data))
    except WireError:
        return
    assert all(isinstance(message, Command) for message in messages)


def test_an_absurd_length_is_refused_at_once() -> None:
    with pytest.raises(WireError, match="announced"):
        list(command_frames().feed((LONGEST_FRAME + 1).to_bytes(4, "little")))


def test_what_came_before_the_garbage_is_read() -> None:
    messages = command_frames().feed(frame(Cancel(1)) + b"\x02\x00\x00\x00\xc1\xc1")
    assert next(messages) == Cancel(1)
    with pytest.raises(WireError, match="not a message"):
        next(messages)


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_cross_the_border_as_they_are(name: str) -> None:
    error = getattr(errors, name)("why", param="field", retry_after=2.0)
    (back,) = reply_frames().feed(frame(Failed.of(8, error)))
    assert isinstance(back, Failed)
    again = back.error()
    assert type(again) is type(error)
    assert (again.message, again.param, again.retry_after) == ("why", "field", 2.0)


def test_a_fault_becomes_an_error_that_names_it() -> None:
    error = Failed.of(8, ValueError("odd")).error()
    assert type(error) is errors.CueboxError
    assert "ValueError: odd" in error.message


def test_half_a_surrogate_pair_cannot_be_sent() -> None:
    with pytest.raises(UnicodeEncodeError):
        frame(Score(1, "digest", "\ud800"))
