"""Log-probabilities in OpenAI's form, against a softmax in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import GenerateRequest, TokenLogprobs
from cuebox.generation.choices.continuation import Continuation
from cuebox.generation.choices.logprobs import Entry, shown_text, token_logprobs
from cuebox.generation.choices.vocabulary import Vocabulary
from tests.fakes.byte_tokenizer import ByteTokenizer
from tests.fakes.feeding import Fed, feed, prepared
from tests.fakes.told_model import Babble, ToldModel

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKENIZER = ByteTokenizer()
VOCABULARY = Vocabulary(TOKENIZER)
END = TOKENIZER.special["<|end|>"]
BABBLE = Babble(len(VOCABULARY))


def babbled(prompt: str | list[int], **asked: Any) -> Fed:
    return feed(GenerateRequest(prompt=prompt, **asked), VOCABULARY, BABBLE, bos=END)


def logprobs_of(fed: Fed, place: int = 0) -> TokenLogprobs:
    found = fed.choices[place].logprobs
    assert found is not None
    return found


def reference(tokens: Sequence[int], start: int) -> list[float]:
    """Of each token from `start` on, given those before it."""
    found = []
    for place in range(start, len(tokens)):
        logits = BABBLE(tokens[:place]).astype(np.float64)
        found.append(float(logits[tokens[place]] - np.log(np.exp(logits).sum())))
    return found


@pytest.mark.parametrize("temperature", [0.0, 1.7])
def test_tokens_of_the_answer(temperature: float) -> None:
    fed = babbled("I would", heal=False, n=2, max_tokens=5, temperature=temperature, logprobs=3)
    prompt = TOKENIZER.encode("I would")
    for choice in fed.choices:
        shown = choice.logprobs
        assert shown is not None
        row = next(row for row in fed.continuation._rows if row.text[: row.cut] == choice.text)
        expected = reference([*prompt, *row.tokens], len(prompt))[: len(shown.tokens)]
        assert shown.token_logprobs == pytest.approx(expected, abs=1e-4)
        assert shown.top_logprobs is not None
        for place, top in enumerate(shown.top_logprobs):
            assert top is not None
            logits = BABBLE([*prompt, *row.tokens[:place]]).astype(np.float64)
            falling = np.sort(logits - np.log(np.exp(logits).sum()))[::-1][:3]
            assert sorted(top.values(), reverse=True) == pytest.approx(falling, abs=1e-4)
        assert choice.score == pytest.approx(np.mean(expected), abs=1e-4)


def test_an_echoed_prompt_is_scored_token_by_token() -> None:
    fed = babbled(
        "I would have tea", heal=False, max_tokens=2, temperature=0, echo=True, logprobs=2
    )
    prompt = TOKENIZER.encode("I would have tea")
    shown = logprobs_of(fed)
    row = fed.continuation._rows[0]
    expected = reference([*prompt, *row.tokens], 1)
    assert shown.tokens[: len(prompt)] == [TOKENIZER.token_bytes[id_].decode() for id_ in prompt]
    assert shown.token_logprobs[0] is None
    assert shown.token_logprobs[1:] == pytest.approx(expected[: len(shown.tokens) - 1], abs=1e-4)
    assert shown.top_logprobs is not None
    assert shown.top_logprobs[0] is None
    assert all(len(top or ()) == 2 for top in shown.top_logprobs[1:])


def test_only_a_prompt_is_scored_as_well() -> None:
    prompt = TOKENIZER.encode("I would have tea")
    fed = babbled(prompt, max_tokens=0, echo=True, logprobs=0)
    shown = logprobs_of(fed)
    assert "".join(shown.tokens) == fed.texts[0] == "I would have tea"
    assert shown.token_logprobs == [None, *map(pytest.approx, reference(prompt, 1))]
    assert shown.top_logprobs is None


def test_a_prompt_may_be_read_in_pieces() -> None:
    request = GenerateRequest(
        prompt="I would have", heal=False, max_tokens=0, echo=True, logprobs=1
    )
    prompt = prepared(request, VOCABULARY, bos=END)
    logits = np.stack([BABBLE(prompt.tokens[1 : end + 1]) for end in range(len(prompt.tokens))])
    answers = []
    for cuts in ([], [1], [1, 2], [len(logits) - 1]):
        continuation = Continuation(request, VOCABULARY, prompt, 1, [])
        for piece in np.split(logits, cuts):
            continuation.read_prompt(piece)
        continuation.begin(logits[-1])
        answers.append(continuation.choices())
    assert all(answer == answers[0] for answer in answers)


texts = st.sampled_from(["I would lik", "Good ", "", "今日は", 'well?"', "caf\u00e9", "x <|end|>y"])


@settings(deadline=None, max_examples=100)
@given(
    texts,
    st.integers(0, 3),
    st.sampled_from([0.0, 1.0]),
    st.booleans(),
    st.sampled_from([[], ["e", " t"]]),
    st.integers(0, 9),
)
def test_tokens_joined_are_the_text(
    text: str, tops: int, temperature: float, echo: bool, stop: list[str], seed: int
) -> None:
    request = GenerateRequest(
        prompt=text, max_tokens=6, temperature=temperature, echo=echo, logprobs=tops, stop=stop
    )
    fed = feed(request, VOCABULARY, BABBLE, bos=END, seed=seed)
    shown = logprobs_of(fed)
    answer = fed.texts[0]
    begin = 0 if echo else len(text)
    lengths = {
        len(shown.tokens),
        len(shown.token_logprobs),
        len(shown.text_offset),
        len(shown.top_logprobs if shown.top_logprobs is not None else shown.tokens),
    }
    assert len(lengths) == 1
    ends = [*shown.text_offset, begin + len(answer)][1:]
    for token, start, end in zip(shown.tokens, shown.text_offset, ends, strict=True):
        if not token.startswith("bytes:"):
            assert answer[start - begin : end - begin] == token
    if shown.tokens:
        assert shown.text_offset[0] == begin


def told(prompt: str, sentences: dict[str, float], **asked: Any) -> Fed:
    request = GenerateRequest(prompt=prompt, **{"temperature": 0, **asked})
    return feed(request, VOCABULARY, ToldModel(TOKENIZER, sentences, END), bos=END)


LIKE = {"I would like tea": 6.0, "I would likely": 2.0, "I would do": 2.0}


def test_a_healed_token_is_shown_as_what_it_adds_given_what_was_typed() -> None:
    shown = logprobs_of(told("I would lik", LIKE, logprobs=2))
    assert shown.tokens == ["e", " tea"]
    assert shown.text_offset == [11, 12]
    assert shown.token_logprobs == pytest.approx([np.log(6 / 8), 0], abs=1e-3)
    assert shown.top_logprobs is not None
    assert shown.top_logprobs[0] == pytest.approx(
        {"e": np.log(6 / 8), "ely": np.log(2 / 8)}, abs=1e-3
    )


def test_an_echoed_healed_token_is_shown_whole() -> None:
    shown = logprobs_of(told("I would lik", LIKE, logprobs=1, echo=True))
    assert shown.tokens[-3:] == [" would", " like", " tea"]
    assert shown.text_offset[-3:] == [1, 7, 12]
    assert "".join(shown.tokens) == "I would like tea"


def test_a_cut_token_is_shown_as_far_as_it_is_in_the_text() -> None:
    shown = logprobs_of(told("I would lik", LIKE, logprobs=1, stop=["ea"]))
    assert shown.tokens == ["e", " t"]


def test_parts_of_characters_are_shown_as_bytes() -> None:
    shown = logprobs_of(told("I would", {"I would é": 1.0}, logprobs=1))
    assert shown.tokens == [" ", "bytes:\\xc3", "bytes:\\xa9"]
    assert shown.text_offset == [7, 8, 8]
    assert shown.top_logprobs is not None
    assert list(shown.top_logprobs[1] or ()) == ["bytes:\\xc3"]


def test_bytes_are_read_as_text_where_they_are_text() -> None:
    assert shown_text("é".encode()) == "é"
    assert shown_text(b"\xe2\x82") == "bytes:\\xe2\\x82"
    entries = [Entry(b"a\xe2", -1.0, None), Entry(b"\x82\xac!", -2.0, None)]
    shown = token_logprobs(entries, 4, 7, tops=False)
    assert shown.tokens == ["bytes:\\x61\\xe2", "bytes:\\x82\\xac\\x21"]
    assert shown.text_offset == [4, 5]
