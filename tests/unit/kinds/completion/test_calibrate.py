"""Confidence: how often a suggestion is right, by how sure the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cuebox.core.errors import ModelError, Overloaded
from cuebox.core.generation import Choice, Completed, GenerateRequest, Usage
from cuebox.kinds.completion.calibrate import calibrate
from cuebox.kinds.completion.corpus import Turn
from cuebox.kinds.completion.places import Place
from tests.fakes.decoder_files import tiny_decoder

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.generation import Delta


class Scripted:
    """A generator that answers every prompt by a function, with text and score."""

    def __init__(self, spec: DecoderSpec, answer: Callable[[str], tuple[str, float]]) -> None:
        self.spec = spec
        self.requests: list[GenerateRequest] = []
        self._answer = answer

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Delta | Completed, None]:
        self.requests.append(request)
        text, score = self._answer(str(request.prompt))
        choice = Choice(index=0, text=text, finish_reason="stop", score=score, tokens=1)
        yield Completed(
            choices=[choice] if text else [],
            usage=Usage(prompt_tokens=1, completion_tokens=1, cached_tokens=0),
            queue_ms=0,
            first_token_ms=0,
            total_ms=0,
            steps=1,
        )

    def logprobs(self, prompt: str | Sequence[int]) -> list[float]:
        raise NotImplementedError

    def release(self) -> None:
        pass


@pytest.fixture
def spec(tmp_path: Path) -> DecoderSpec:
    return tiny_decoder(tmp_path)[0]


def place(before: str, typed: str, after: str, *, agent: bool = False) -> Place:
    turn = Turn("agent" if agent else "text", before + typed + after)
    turns = (Turn("user", "Hi there"),) if agent else ()
    return Place(at="inside", turns=turns, turn=turn, before=before, typed=typed, after=after)


def test_the_surest_are_the_most_often_right(spec: DecoderSpec) -> None:
    # Sure of what is right, unsure of what is wrong, silent at the last five.
    places = [place(f"number {at}", " so", "me day soon") for at in range(20)]

    def answer(prompt: str) -> tuple[str, float]:
        number = int(prompt.split()[1])
        if number >= 15:
            return "", 0.0
        return ("me day" if number < 10 else "rry"), -0.1 * (number + 1)

    measured = calibrate(Scripted(spec, answer), places)
    assert {point.stop_at for point in measured} == {"word", "clause", "sentence", "gain"}
    points = [point for point in measured if point.stop_at == "clause"]
    assert [point.coverage for point in points] == pytest.approx([at / 20 for at in range(1, 21)])
    by_coverage = {round(point.coverage, 2): point for point in points}
    assert by_coverage[0.05].precision == 1
    assert by_coverage[0.5].precision == 1
    assert by_coverage[0.5].min_score == pytest.approx(-1.0, abs=1e-3)
    assert by_coverage[0.75].precision == pytest.approx(10 / 15, abs=1e-3)
    # There is nothing more to show.
    assert by_coverage[1.0].precision == by_coverage[0.75].precision
    scores = [point.min_score for point in points]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("suggested", "written", "right"),
    [
        (" day soon", " day soon, he said", True),
        (" day soon ", " day soon, he said", True),
        (" day\nsoon", " day  soon, he said", True),
        (" day so", " day soon, he said", False),
        (" Day soon", " day soon, he said", False),
        ("rry.", "rry.", True),
        ("rry", "rry", True),
    ],
)
def test_right_is_exactly_what_was_written_next(
    suggested: str, written: str, right: bool, spec: DecoderSpec
) -> None:
    scripted = Scripted(spec, lambda _: (suggested, -1.0))
    points = calibrate(scripted, [place("text", " so", written)])
    assert points[0].precision == float(right)


def test_a_place_in_a_conversation_is_asked_for_with_its_turns(spec: DecoderSpec) -> None:
    scripted = Scripted(spec, lambda _: (" you?", -1.0))
    calibrate(scripted, [place("How may I", " help", " you?", agent=True)])
    stops = [request.stop_at for request in scripted.requests]
    assert stops == ["word", "clause", "sentence", "gain"]
    for request in scripted.requests:
        assert request.prompt == "<|user|>Hi there<|end|><|agent|>How may I help"
        assert request.temperature == 0
        assert request.heal


def test_what_cannot_be_measured_is_said(spec: DecoderSpec) -> None:
    assert calibrate(Scripted(spec, lambda _: ("", 0.0)), []) == []
    with pytest.raises(ModelError, match="suggested nothing at 1 places"):
        calibrate(Scripted(spec, lambda _: ("", 0.0)), [place("a", " b", "c")])

    def refuse(prompt: str) -> tuple[str, float]:
        raise Overloaded("the queue is full")

    with pytest.raises(Overloaded):
        calibrate(Scripted(spec, refuse), [place("a", " b", "c")])
