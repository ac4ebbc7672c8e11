"""Answers that end where the keys saved, times the chance that all is right, are most."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import GenerateRequest
from cuebox.generation.choices.thoughts import whole_words
from cuebox.generation.choices.vocabulary import Vocabulary
from tests.fakes.byte_tokenizer import ByteTokenizer
from tests.fakes.feeding import Fed, feed
from tests.fakes.told_model import Babble, ToldModel

TOKENIZER = ByteTokenizer(["cat", "dog", "sat", "ran", "up", "well", "morning", "evening"])
VOCABULARY = Vocabulary(TOKENIZER)
END = TOKENIZER.special["<|end|>"]
# Each word is as likely as its sentences' share of the weights.
TEA = {
    "I would like to have tea.": 60.0,
    "I would like to have coffee.": 30.0,
    "I would like cake.": 9.0,
    "I would not.": 1.0,
}


def ask(prompt: str = "I would", **asked: Any) -> GenerateRequest:
    return GenerateRequest(
        prompt=prompt, **{"temperature": 0.0, "max_tokens": 40, "stop_at": "gain", **asked}
    )


def told(request: GenerateRequest, sentences: dict[str, float], **given_: Any) -> Fed:
    return feed(request, VOCABULARY, ToldModel(TOKENIZER, sentences, END), bos=END, **given_)


def test_it_ends_before_the_word_that_is_too_unsure() -> None:
    # " like to have" saves 12 keys at .9, " like to have tea." 17 at .6.
    (choice,) = told(ask(), TEA).choices
    assert choice.text == " like to have"
    assert choice.finish_reason == "stop"
    assert choice.score == pytest.approx(math.log(0.9), abs=0.01)


def test_what_is_sure_is_said_to_the_end_of_the_sentence() -> None:
    (choice,) = told(ask(), {**TEA, "I would like to have tea.": 1e4}).choices
    assert choice.text == " like to have tea."
    assert choice.finish_reason == "stop"


def test_the_score_is_given_what_was_typed_of_a_word() -> None:
    # That "lik" is there already makes "not" impossible, and says nothing against the rest: now
    # "e to have" saves 8 keys at .91, "e to have tea." 13 at .61.
    (choice,) = told(ask("I would lik"), TEA).choices
    assert choice.text == "e to have tea."
    assert choice.score == pytest.approx(math.log(60 / 99), abs=0.01)


def test_the_next_sentence_is_never_begun() -> None:
    (choice,) = told(ask(), {"I would do. I know I do.": 1.0}).choices
    assert choice.text == " do."


def test_a_word_that_the_budget_cut_is_left_out() -> None:
    (choice,) = told(ask(max_tokens=4), {"I would like well Xavier": 1.0}).choices
    assert choice.text == " like well"


def test_one_character_is_better_than_nothing() -> None:
    (choice,) = told(ask("I woul"), {"I would": 1.0}).choices
    assert choice.text == "d"


def test_a_stop_text_is_no_part_of_it() -> None:
    (choice,) = told(ask(stop=["have tea"]), {"I would like to have tea.": 1.0}).choices
    assert choice.text == " like to"


def test_a_row_without_hope_is_given_up() -> None:
    branching = {f"I would like {one}ab{two}.": 1.0 for one in "bcdfghjk" for two in "bcdfghjk"}
    longer = {
        text.replace(".", f" and so on to the end of the day {n}."): 1.0
        for text in branching
        for n in range(20)
    }
    fed = told(ask(), longer)
    assert fed.texts == [" like"]
    assert len(fed.steps) < 20


def test_when_the_time_is_over_the_best_so_far_is_the_answer() -> None:
    fed = told(ask(), TEA, most_steps=3)
    assert not fed.continuation.done
    fed.continuation.stop()
    assert fed.texts == [" like to"]


def test_another_choice_says_something_else() -> None:
    fed = told(ask(n=2), {**TEA, "I would like to have cake.": 20.0})
    assert fed.texts == [" like to have", " like to have coffee."]


def test_only_what_has_chance_enough_is_answered() -> None:
    assert told(ask(min_score=math.log(0.89)), TEA).texts == [" like to have"]
    assert told(ask(min_score=math.log(0.95)), TEA).texts == []


requests = st.builds(
    ask,
    st.sampled_from(["I would lik", "Good ", "", "今日は", 'well?"', "I woul"]),
    max_tokens=st.integers(1, 12),
    temperature=st.sampled_from([0.0, 0.7]),
    stop=st.sampled_from([[], ["e", " t"]]),
)


@settings(deadline=None, max_examples=200)
@given(requests, st.integers(0, 20), st.sampled_from([0.5, 2.0, 5.0]))
def test_no_shorter_answer_promises_more(
    request: GenerateRequest, seed: int, spread: float
) -> None:
    babble = Babble(len(VOCABULARY), spread=spread)
    fed = feed(request, VOCABULARY, babble, bos=END, seed=seed)
    (choice,) = fed.choices
    (row,) = fed.continuation._rows
    typed = str(request.prompt)
    if not choice.text:
        return
    gains: dict[str, float] = {}
    for place in range(1, len(row.ends)):
        end = row.ends[place - 1]
        text = row.text[:end].rstrip()
        if text.strip() and end < len(row.text):
            whole = whole_words(typed + row.text, len(typed), len(typed) + end) - len(typed)
            if whole == end:
                chance = sum(row.logprobs[:place])
                gain = chance + math.log(max(len(text) - 1, 1e-3))
                gains[text] = max(gain, gains.get(text, -math.inf))
    allowed = {
        text: gain for text, gain in gains.items() if not any(stop in text for stop in request.stop)
    }
    if choice.text in allowed:
        shorter = [gain for text, gain in allowed.items() if len(text) <= len(choice.text)]
        assert allowed[choice.text] == pytest.approx(max(shorter))


@settings(deadline=None, max_examples=100)
@given(requests, st.integers(0, 5), st.integers(1, 3))
def test_a_stream_never_takes_anything_back(request: GenerateRequest, seed: int, n: int) -> None:
    babble = Babble(len(VOCABULARY), spread=4.0)
    streamed = msgspec.structs.replace(request, stream=True, n=n, distinct=False)
    fed = feed(streamed, VOCABULARY, babble, bos=END, seed=seed)
    assert sorted(fed.streamed().values()) == sorted(fed.texts)
