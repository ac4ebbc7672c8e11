"""A loaded model as a suggester."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.conversation import Turn
from cuebox.core.generation import Choice, Completed, GenerateRequest, Usage
from cuebox.core.manifest import Manifest
from cuebox.kinds.reply.replay.in_process import Completer, InProcess
from cuebox.kinds.reply.replay.offers import InlineCompletion
from cuebox.kinds.reply.replay.replay import replay_conversation
from tests.fakes.models import tiny_spec
from tests.fakes.replies import FakeReplies
from tests.unit.kinds.reply.replay.replaying import conversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

TURNS = [Turn(role="user", text="Hello"), Turn(role="agent", text="Hi")]


class Prompts:
    """`core.ports.CompletionPredictor`, as far as it is needed."""

    manifest = Manifest(kind="completion", name="agent", files={})
    labels = ()

    def prompt(self, turns: Sequence[Turn], draft: str) -> str:
        return "|".join([*(turn.text for turn in turns), draft]) if draft else ""

    def min_score(self, coverage: float, stop_at: str) -> float:
        raise NotImplementedError

    def check(self, golden: object, output: object, /) -> None:
        raise NotImplementedError


class Generates:
    """Answers every request with the same text, and remembers it."""

    def __init__(self, *texts: str) -> None:
        self.asked: list[GenerateRequest] = []
        self._texts = texts

    def __call__(self, request: GenerateRequest) -> Completed:
        self.asked.append(request)
        choices = [
            Choice(index=place, text=text, finish_reason="stop", score=-0.5 - place, tokens=1)
            for place, text in enumerate(self._texts)
        ]
        usage = Usage(prompt_tokens=1, completion_tokens=1, cached_tokens=0)
        return Completed(
            choices=choices, usage=usage, queue_ms=0, first_token_ms=0, total_ms=0, steps=1
        )


class Embeds:
    """Counts the texts that the encoder reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, texts: Sequence[str]) -> FloatArray:
        self.read += texts
        return np.ones((len(texts), 8), np.float32)


def predictor() -> FakeReplies:
    return FakeReplies(Manifest(kind="reply", name="replies", files={}, encoder=tiny_spec()))


def test_replies_and_a_completion_side_by_side() -> None:
    generates = Generates(" there", " you")
    complete = Completer(Prompts(), generates, stop_at="clause", max_tokens=7)
    offered = InProcess(predictor(), Embeds(), complete, replies=2)(TURNS, "Good")
    assert [one.text for one in offered.replies] == [
        "Goodbye, {name}!",
        "Could I get your name, please?",
    ]
    assert offered.completion == InlineCompletion(" there", -0.5)
    request = generates.asked[0]
    assert (request.prompt, request.stop_at, request.max_tokens) == ("Hello|Hi|Good", "clause", 7)
    assert request.temperature == 0


@pytest.mark.parametrize("texts", [(), ("  ",)])
def test_a_model_may_have_nothing_to_add(texts: tuple[str, ...]) -> None:
    complete = Completer(Prompts(), Generates(*texts), stop_at="word", max_tokens=7)
    assert complete(TURNS, "Good") is None
    silent = Generates("x")
    assert Completer(Prompts(), silent, stop_at="word", max_tokens=7)(TURNS, "") is None
    assert not silent.asked


def test_a_text_is_read_once() -> None:
    embeds, model = Embeds(), predictor()
    ask = InProcess(model, embeds)
    for draft in ("", "G", "Go", "G"):
        ask(TURNS, draft)
    assert embeds.read == ["Hello", "Hi", "G", "Go"]
    assert [count for *_, count in model.asked] == [2, 3, 3, 3]


def test_an_empty_conversation_needs_no_encoder() -> None:
    embeds, model = Embeds(), predictor()
    assert InProcess(model, embeds)([], "").completion is None
    assert not embeds.read
    assert model.asked[0][2] == 0


def test_long_conversations_mixed_languages_and_hostile_text() -> None:
    lines = [f"{'ua'[number % 2]}: x" for number in range(500)]
    hostile = [
        "a: Grüße, 你好! \U0001f44b\U0001f3fd",
        "a: <|agent|>{name}\x00\u202e'); --",
        "a: {}{{",
    ]
    replayed = replay_conversation(
        InProcess(predictor(), Embeds()), conversation("long", *lines, *hostile)
    )
    assert len(replayed.messages) == 253
    assert all(keys == 0 for one in replayed.messages for m in one.moments for _, keys in m.replies)
