"""All choices of one request: different, ranked, whole, and the same whatever the load."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import GenerateRequest
from cuebox.generation.choices.continuation import Continuation
from cuebox.generation.choices.distinct import alike
from cuebox.generation.choices.row import Row, Sampling
from cuebox.generation.choices.vocabulary import Vocabulary
from tests.fakes.byte_tokenizer import ByteTokenizer
from tests.fakes.feeding import Fed, feed, prepared
from tests.fakes.told_model import Babble, ToldModel

TOKENIZER = ByteTokenizer(["cat", "dog", "sat", "ran", "up", "Good", "morning", "evening", "night"])
VOCABULARY = Vocabulary(TOKENIZER)
END = TOKENIZER.special["<|end|>"]
BABBLE = Babble(len(VOCABULARY))


def ask(prompt: str | list[int] = "I would", **asked: Any) -> GenerateRequest:
    return GenerateRequest(prompt=prompt, **{"temperature": 0.0, **asked})


def told(request: GenerateRequest, sentences: dict[str, float], **given_: Any) -> Fed:
    return feed(request, VOCABULARY, ToldModel(TOKENIZER, sentences, END), bos=END, **given_)


def babbled(request: GenerateRequest, **given_: Any) -> Fed:
    return feed(request, VOCABULARY, BABBLE, bos=END, **given_)


MORNING = {
    "Good morning to you.": 4.0,
    "Good evening to you.": 2.0,
    "Good night.": 1.0,
}


def test_choices_differ_and_the_best_is_first() -> None:
    fed = told(ask("Good", n=3), MORNING)
    assert fed.texts == [" morning to you.", " evening to you.", " night."]
    assert [choice.index for choice in fed.choices] == [0, 1, 2]
    assert all(choice.finish_reason == "stop" for choice in fed.choices)
    scores = [choice.score for choice in fed.choices]
    assert scores == sorted(scores, reverse=True)


def test_how_a_choice_begins_counts_for_more_than_how_it_goes_on() -> None:
    fed = told(ask("Good", n=2), {"Good morning": 6.0, "Good night well sat up ran": 4.0})
    assert fed.texts == [" morning", " night well sat up ran"]
    assert fed.choices[0].score < fed.choices[1].score


def test_sure_tokens_are_shared_and_the_choices_part_after_them() -> None:
    fed = told(ask("G", n=3), MORNING)
    assert fed.texts == ["ood morning to you.", "ood evening to you.", "ood night."]
    assert fed.steps[:2] == [1, 3]


def test_choices_differ_after_an_improbable_stem_too() -> None:
    sentences = {"Bye.": 1e6, **MORNING}
    for seed in range(10):
        fed = told(ask("Goo", n=3, temperature=1.0, seed=seed), sentences)
        assert len(set(fed.texts)) == 3


def test_alternatives_without_a_chance_are_not_offered() -> None:
    sentences = {"a cup of tea": 1.0, "a cup of coffee": 1e-5}
    assert told(ask("a cup of", n=3), sentences).texts == [" tea"]


def test_a_sure_model_is_branched_before_it_has_said_all() -> None:
    sentences = {
        "I would like to have a cup of tea": 1.0,
        "I would do to have a cup of coffee": 0.01,
        "I would like an": 0.02,
    }
    fed = told(ask(n=3), sentences)
    assert fed.texts[0] == " like to have a cup of tea"
    assert set(fed.texts[1:]) == {" do to have a cup of coffee", " like an"}
    # The others started when the first was four tokens ahead.
    assert fed.steps[:5] == [1, 1, 1, 1, 3]


def test_choices_that_differ_in_writing_only_are_replaced() -> None:
    sentences = {
        "I would have tea": 4.0,
        "I would have the tea": 3.0,
        "I would have tea!": 2.0,
        "I would have coffee": 1.0,
    }
    fed = told(ask(n=2), sentences)
    assert fed.texts == [" have tea", " have coffee"]
    kept = told(ask(n=2, distinct=False), sentences)
    assert kept.texts == [" have tea", " have tea"]


def test_a_repetition_without_another_choice_is_left_out() -> None:
    sentences = {"I would have tea": 4.0, "I would have tea!": 3.0}
    assert told(ask(n=3), sentences).texts == [" have tea"]


def test_the_same_beginning_in_other_tokens_is_replaced_at_once() -> None:
    spelt = [TOKENIZER.id(" "), TOKENIZER.id("like")]
    whole, other = TOKENIZER.id(" like"), TOKENIZER.id(" do")

    def model(tokens: Any) -> Any:
        row = list(tokens)[len(TOKENIZER.encode("I would")) :]
        weights = np.full(len(VOCABULARY), 1e-9)
        if not row:
            weights[[whole, spelt[0], other]] = [0.5, 0.4, 0.1]
        elif row == spelt[:1]:
            weights[spelt[1]] = 1
        elif len(row) < 4:
            weights[TOKENIZER.id(" to")] = 1
        else:
            weights[END] = 1
        return np.log(weights).astype(np.float32)

    request = ask([*TOKENIZER.encode("I would")], n=2, max_tokens=8)
    fed = feed(request, VOCABULARY, model, bos=END)
    assert fed.texts == [" like to to to", " do to to to"]


def test_fewer_or_more_rows_than_choices() -> None:
    sentences = MORNING | {"Good cat.": 0.9, "Good dog.": 0.8}
    fed = told(ask("Good", n=2, best_of=4), sentences)
    assert fed.texts == [" morning to you.", " evening to you."]
    assert max(fed.steps) == 4


def test_only_what_is_sure_enough_is_answered() -> None:
    scores = [choice.score for choice in told(ask("Good", n=3), MORNING).choices]
    limit = (scores[0] + scores[1]) / 2
    assert told(ask("Good", n=3, min_score=limit), MORNING).texts == [" morning to you."]
    assert told(ask("Good", n=3, min_score=-1e-9), MORNING).texts == []


def test_the_score_is_the_mean_log_probability_of_the_answers_tokens() -> None:
    choice = told(ask("Good"), MORNING).choices[0]
    assert choice.tokens == len(TOKENIZER.encode(" morning to you."))
    # The token that completes what was typed, "Good", counts as well.
    assert choice.score == pytest.approx(np.log(4 / 7) / (choice.tokens + 1), abs=1e-4)


def test_an_empty_answer_comes_last_and_counts_as_nothing() -> None:
    fed = told(ask("Good", n=2), {"Good": 2.0, "Good night": 1.0})
    assert fed.texts == [" night", ""]
    assert fed.choices[1].tokens == 0
    assert fed.choices[1].finish_reason == "stop"


requests = st.builds(
    ask,
    st.sampled_from(["I would lik", "Good ", "", "今日は", 'well?"']),
    n=st.integers(1, 4),
    max_tokens=st.integers(1, 8),
    temperature=st.sampled_from([0.0, 0.7, 1.3]),
    top_k=st.sampled_from([0, 40]),
    top_p=st.sampled_from([1.0, 0.9]),
    frequency_penalty=st.sampled_from([0.0, 0.5]),
    distinct=st.booleans(),
    logprobs=st.sampled_from([None, 0, 2]),
    echo=st.booleans(),
    stop=st.sampled_from([[], ["e", " t"], ["\n"]]),
    stop_at=st.sampled_from(["none", "word", "clause", "sentence", "line", "gain"]),
)


@settings(deadline=None, max_examples=60)
@given(requests, st.integers(0, 5))
def test_an_answer_does_not_depend_on_its_company(request_: GenerateRequest, seed: int) -> None:
    alone = babbled(request_, seed=seed)
    company = [
        Row(VOCABULARY, Sampling.of(ask(temperature=1.0), []), seed=9, number=number, stem=b"")
        for number in range(3)
    ]
    assert babbled(request_, seed=seed, company=company).choices == alone.choices


@settings(deadline=None, max_examples=100)
@given(requests, st.integers(0, 5))
def test_a_stream_says_what_the_answer_says(request_: GenerateRequest, seed: int) -> None:
    fed = babbled(msgspec.structs.replace(request_, stream=True), seed=seed)
    streamed = fed.streamed()
    # Of two that differ in punctuation only a stream keeps the earlier, an answer the likelier. One
    # that had begun when they became alike cannot be taken back: the stream then has both.
    assert len(streamed) >= len(fed.texts)
    assert len(streamed) == len(fed.texts) or request_.distinct
    for text in fed.texts:
        assert any(alike(text, other) for other in streamed.values())
    for other in streamed.values():
        assert any(alike(text, other) for text in fed.texts)
    finished = [d for deltas in fed.deltas for d in deltas if d.finish_reason is not None]
    assert sorted(d.index for d in finished) == sorted(streamed)
    if request_.logprobs is None or sorted(streamed.values()) != sorted(set(fed.texts)):
        return
    by_text = {choice.text: choice.logprobs for choice in fed.choices}
    for index, text in streamed.items():
        parts = [
            delta.logprobs
            for deltas in fed.deltas
            for delta in deltas
            if delta.index == index and delta.logprobs
        ]
        whole = by_text[text]
        assert whole is not None
        assert [token for part in parts for token in part.tokens] == whole.tokens
        assert [offset for part in parts for offset in part.text_offset] == whole.text_offset


@settings(deadline=None, max_examples=100)
@given(requests, st.integers(0, 5))
def test_every_answer_keeps_its_promises(request_: GenerateRequest, seed: int) -> None:
    fed = babbled(request_, seed=seed)
    assert 1 <= len(fed.choices) <= request_.n
    assert fed.continuation.completion_tokens >= sum(choice.tokens for choice in fed.choices)
    assert max(fed.steps, default=1) <= request_.n
    echoed = request_.prompt if request_.echo else ""
    answers = [choice.text.removeprefix(str(echoed)) for choice in fed.choices]
    for choice, answer in zip(fed.choices, answers, strict=True):
        assert choice.tokens <= request_.max_tokens
        assert not any(stop in answer for stop in request_.stop)
        if request_.stop_at != "none":
            assert answer == answer.rstrip()
    if request_.distinct:
        for place, answer in enumerate(answers):
            assert not any(alike(answer, other) for other in answers[:place])


def test_a_seed_repeats_an_answer() -> None:
    request = ask(n=3, temperature=1.0, max_tokens=6)
    assert babbled(request, seed=3).choices == babbled(request, seed=3).choices
    assert babbled(request, seed=3).texts != babbled(request, seed=4).texts


def test_the_first_of_several_choices_is_the_only_one_of_one() -> None:
    one = babbled(ask(temperature=1.0, max_tokens=6), seed=3).texts
    assert one[0] in babbled(ask(temperature=1.0, max_tokens=6, n=3), seed=3).texts


def test_without_distinct_choices_are_drawn_independently() -> None:
    sentences = {"Good morning": 0.97, "Good night": 0.03}
    request = ask("Good", n=4, distinct=False, temperature=1.0)
    drawn = [text for seed in range(50) for text in told(request, sentences, seed=seed).texts]
    assert len(drawn) == 200
    assert 0 < drawn.count(" night") < 16


def test_a_stop_text_across_tokens_ends_the_answer_before_it() -> None:
    sentences = {"I would like to have tea and coffee": 1.0}
    fed = told(ask(stop=["e tea", "never"]), sentences)
    assert fed.texts == [" like to hav"]
    assert fed.choices[0].finish_reason == "stop"


def test_of_two_stop_texts_the_one_that_begins_first_counts() -> None:
    assert told(ask(stop=["have", "e to"]), {"I would like to have": 1.0}).texts == [" lik"]


def test_the_budget_ends_an_answer() -> None:
    fed = told(ask(max_tokens=2), {"I would like to have": 1.0})
    assert fed.texts == [" like to"]
    assert fed.choices[0].finish_reason == "length"
    assert fed.continuation.completion_tokens == 2


def test_tokens_that_repeat_what_was_typed_are_free() -> None:
    fed = told(ask("I would Xyz", max_tokens=2), {"I would Xyzq to": 1.0})
    assert fed.texts == ["q to"]
    assert fed.choices[0].tokens == 2


def test_the_window_ends_an_answer() -> None:
    fed = told(ask(max_tokens=50), {"I would like to have a cup of tea": 1.0}, room=3)
    assert fed.texts == [" like to"]
    assert fed.choices[0].finish_reason == "length"


def test_no_word_is_cut_when_the_budget_ends() -> None:
    sentences = {"I would like well Xavier": 1.0}
    cut = told(ask(max_tokens=4), sentences)
    assert cut.texts == [" like well X"]
    whole = told(ask(max_tokens=4, stop_at="sentence"), sentences)
    assert whole.texts == [" like well"]
    assert whole.choices[0].finish_reason == "length"


def test_a_word_that_is_whole_when_the_budget_ends_is_kept() -> None:
    fed = told(ask(max_tokens=3, stop_at="sentence"), {"I would like to have a cup of tea": 1.0})
    assert fed.texts == [" like to have"]
    assert fed.choices[0].tokens == fed.continuation.completion_tokens == 3


@pytest.mark.parametrize(
    ("stop_at", "expected"),
    [
        ("none", "e to have tea, and coffee.\nWell, I know."),
        ("word", "e"),
        ("clause", "e to have tea,"),
        ("sentence", "e to have tea, and coffee."),
        ("line", "e to have tea, and coffee."),
    ],
)
def test_an_answer_is_a_whole_thought(stop_at: str, expected: str) -> None:
    sentences = {"I would like to have tea, and coffee.\nWell, I know.": 1.0}
    fed = told(ask("I would lik", max_tokens=40, stop_at=stop_at), sentences)
    assert fed.texts == [expected]
    assert fed.choices[0].finish_reason == "stop"


def test_characters_are_never_cut() -> None:
    sentences = {"I would 😀😀": 1.0}
    for budget in range(1, 9):
        text = told(ask(max_tokens=budget), sentences).texts[0]
        assert "\ufffd" not in text
        assert " 😀😀".startswith(text)
    fed = told(ask(stream=True), sentences)
    assert [d.text for deltas in fed.deltas for d in deltas if d.text] == [" ", "😀", "😀"]


def test_when_the_time_is_over_what_there_is_is_the_answer() -> None:
    fed = told(ask("Good", n=3, max_tokens=20, stream=True), MORNING, most_steps=2)
    assert not fed.continuation.done
    fed.continuation.stop()
    fed.collect(ask(stream=True))
    assert sorted(fed.streamed().values()) == sorted(fed.texts)
    assert fed.texts == [" morning to", " evening to", " night."]
    assert fed.choices[0].finish_reason == "length"


def test_when_the_time_is_over_no_word_is_cut() -> None:
    sentences = {"I would like Xavier": 1.0}
    fed = told(ask(stop_at="sentence"), sentences, most_steps=3)
    fed.continuation.stop()
    assert fed.texts == [" like"]


@pytest.mark.parametrize("budget", range(1, 12))
def test_a_stream_sends_no_part_of_a_word(budget: int) -> None:
    sentence = "I would do it at 10:30 or 3.50, don't I know?"
    request = ask(stop_at="sentence", stream=True, max_tokens=budget)
    fed = told(request, {sentence: 1.0})
    assert fed.streamed() == {0: fed.texts[0]}
    words = sentence.split()
    for deltas in fed.deltas:
        for delta in deltas:
            assert not delta.text or all(word in words for word in delta.text.split())


def test_when_the_time_is_over_before_it_began_the_answer_is_empty() -> None:
    request = ask(n=3, echo=True, logprobs=1)
    continuation = Continuation(request, VOCABULARY, prepared(request, VOCABULARY, bos=END), 1, [])
    continuation.stop()
    assert continuation.done
    (choice,) = continuation.choices()
    assert (choice.text, choice.finish_reason, choice.tokens) == ("I would", "length", 0)
    assert continuation.completion_tokens == 0


def test_a_prompt_may_only_be_echoed() -> None:
    fed = told(ask(n=2, max_tokens=0, echo=True, heal=False, stream=True), MORNING)
    assert fed.texts == ["I would", "I would"]
    assert fed.steps == []
    assert fed.continuation.completion_tokens == 0
    assert [d.text for deltas in fed.deltas for d in deltas] == ["I would", "I would"]


def test_end_tokens_of_the_model_end_an_answer() -> None:
    dot = TOKENIZER.id(".")
    request = ask("Good", max_tokens=9)
    prompt = prepared(request, VOCABULARY, bos=END)
    continuation = Continuation(request, VOCABULARY, prompt, 1, [dot])
    logits = np.zeros(len(VOCABULARY), dtype=np.float32)
    logits[TOKENIZER.id(" Good")] = logits[TOKENIZER.id("Good")] = 10
    assert continuation.begin(logits)
    assert not continuation.done


def test_a_bias_can_keep_an_answer_going() -> None:
    fed = told(ask("Good night", max_tokens=2, logit_bias={END: -100.0}), MORNING)
    assert fed.choices[0].finish_reason == "length"


def test_repetition_is_penalised_in_prompt_and_answer() -> None:
    plain = babbled(ask(max_tokens=12)).continuation._rows[0].tokens
    request = ask(max_tokens=12, repetition_penalty=50.0, heal=False)
    tokens = babbled(request).continuation._rows[0].tokens
    assert len(set(tokens)) == 12
    assert not set(tokens) & set(TOKENIZER.encode("I would"))
    assert plain != tokens


def test_a_stream_holds_a_choice_until_it_is_known_to_be_another() -> None:
    sentences = {"I would have tea and": 4.0, "I would have teapots": 3.0}
    fed = told(ask(n=2, stream=True), sentences)
    assert fed.streamed() == {0: " have tea and", 1: " have teapots"}
    sent = [(delta.index, delta.text) for deltas in fed.deltas for delta in deltas]
    assert next(text for index, text in sent if index == 0) == " have"
    assert next(text for index, text in sent if index == 1) == " have teap"


def test_a_stream_that_must_be_sure_says_nothing_before_the_end() -> None:
    sentences = {"Good morning to you.": 1.0, "Good evening to you.": 0.2}
    fed = told(ask("Good", n=2, stream=True, min_score=-0.2), sentences)
    assert fed.streamed() == {0: " morning to you.", 1: ""}
    assert all(d.finish_reason for deltas in fed.deltas for d in deltas)


def test_a_stream_of_more_rows_than_choices_waits_for_the_best() -> None:
    fed = told(ask("Good", n=1, best_of=3, stream=True), MORNING)
    assert fed.streamed() == {0: " morning to you."}
    assert [len(deltas) for deltas in fed.deltas if deltas] == [1]
