"""Token healing: what was typed stays, and the word it ends in goes on as if it were not cut."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.generation import GenerateRequest
from cuebox.engines.decoder_tokenizer import open_decoder_tokenizer
from cuebox.generation.choices.healing import StemOdds, split_stem
from cuebox.generation.choices.vocabulary import Vocabulary
from cuebox.training.decoder_tokenizer import byte_level_tokenizer
from tests.fakes.byte_tokenizer import ByteTokenizer
from tests.fakes.feeding import Fed, feed
from tests.fakes.told_model import Babble, ToldModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

GPT2 = Path(__file__).parents[5] / "shared" / "data" / "gpt2_bpe"
needs_gpt2 = pytest.mark.skipif(not GPT2.exists(), reason="the tokenizer of GPT-2 is not here")

TOKENIZER = ByteTokenizer()
VOCABULARY = Vocabulary(TOKENIZER)
END = TOKENIZER.special["<|end|>"]

SENTENCES = [
    "I would like to have a cup of tea, and you?",
    "“Don't you know?” she asked — and left...",
    "Größe: 3,50 € (ca. 12.000 ¥) für naïve Café-Gäste",
    "今日はとてもいい天気ですね。明日も晴れるといいな。",
    "ฉันอยากดื่มชา हिन्दी में लिखो مرحبا بالعالم",
    "def main(args):\n    if not args:\n\t\treturn {'a': [1, 2]}  # why?\n\n\n",
    "👩‍👩‍👧 family 🇩🇪 flags 👍🏽 and cafe\u0301 marks",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "user: hello<|end|>agent: hi     \n\n   spaces  and\ttabs \u00a0 nbsp",
    "0123456789012345678901234567890123456789 3.14159 1,000,000",
]


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    tokenizer = byte_level_tokenizer(GPT2 / "encoder.json", GPT2 / "vocab.bpe")
    path = tmp_path_factory.mktemp("gpt2") / "tokenizer.json"
    path.write_text(tokenizer.to_str())
    return Vocabulary(open_decoder_tokenizer(path, tokenizer.get_vocab_size()))


def check_typed_text_is_kept(text: str, vocabulary: Vocabulary, request: GenerateRequest) -> None:
    end = next(iter(vocabulary.special))
    fed = feed(request, vocabulary, Babble(len(vocabulary)), bos=end)
    assert fed.choices
    for choice in fed.choices:
        assert choice.text.startswith(text)
        assert choice.tokens <= request.max_tokens
    head = vocabulary.decode(fed.prompt.tokens[fed.prompt.hidden :]).encode()
    for row in fed.continuation._rows:
        joined = head + b"".join(map(vocabulary.shown, row.tokens))
        assert joined.startswith(text.encode())


cuts = st.sampled_from(SENTENCES).flatmap(
    lambda text: st.integers(0, len(text)).map(lambda end: text[:end])
)
asked = st.builds(
    GenerateRequest,
    prompt=st.just(""),
    n=st.integers(1, 4),
    max_tokens=st.integers(1, 6),
    temperature=st.sampled_from([0.0, 0.8, 1.5]),
    top_p=st.sampled_from([1.0, 0.9]),
    distinct=st.booleans(),
    stop_at=st.sampled_from(["none", "word", "sentence"]),
    echo=st.just(True),
)


@settings(deadline=None, max_examples=150)
@given(cuts, asked)
def test_typed_text_is_never_altered(text: str, request_: GenerateRequest) -> None:
    check_typed_text_is_kept(text, VOCABULARY, msgspec.structs.replace(request_, prompt=text))


@needs_gpt2
@settings(deadline=None, max_examples=40)
@given(cuts, asked)
def test_typed_text_is_never_altered_with_the_tokens_of_gpt2(
    gpt2: Vocabulary, text: str, request_: GenerateRequest
) -> None:
    check_typed_text_is_kept(text, gpt2, msgspec.structs.replace(request_, prompt=text))


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("", ""),
        ("I would lik", " lik"),
        ("I would like", " like"),
        ("lik", "lik"),
        ("I would ", " "),
        ("x   ", "   "),
        ("if:\n    ", "    "),
        ("a\t\t", "\t\t"),
        ("I don'", " don'"),
        ("I don't", " don't"),
        ("\nwor", "wor"),
        ("a  wor", " wor"),
        ('he said, "', ' "'),
        ("Go!", "!"),
        ("f(x", "x"),
        ("a well-kno", "kno"),
        ("3.14", "14"),
        ("Dear Sir,\n", ""),
        ("a line\n\n", ""),
        ("agent: hi<|end|>", ""),
        ("agent: hi<|end|>wor", "wor"),
        ("agent: hi<|end|>|>", "|>"),
        ("👍", ""),
        ("👍🏽 ", " "),
        ("今日はとて", "とて"),
        ("in 今日", " 今日"),
        ("cafe\u0301", "cafe\u0301"),
    ],
)
def test_what_is_given_back(text: str, stem: str) -> None:
    head, given_back = split_stem(text, VOCABULARY)
    assert given_back.decode() == stem
    assert head + stem == text


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80) | cuts)
def test_the_stem_is_short_and_the_end_of_the_text(text: str) -> None:
    head, stem = split_stem(text, VOCABULARY)
    assert head + stem.decode() == text
    assert len(stem) <= 32


def test_a_long_text_is_split_without_reading_it() -> None:
    class Watched(str):
        def encode(self, *args: str) -> bytes:
            raise AssertionError("all of a long text was encoded")

    text = Watched("word " * 100_000 + "unfin")
    assert split_stem(text, VOCABULARY)[1] == b" unfin"


def test_what_cannot_be_spelt_is_not_given_back() -> None:
    class Letters:
        special: dict[str, int] = {}  # noqa: RUF012
        token_bytes = (b" t", b"t", b"te", b"tea", b"a", b"e")

        def encode(self, text: str) -> list[int]:
            raise NotImplementedError

    letters = Vocabulary(Letters())
    assert split_stem("a cup of te", letters)[1] == b" te"
    assert split_stem("a cup of xte", letters)[1] == b"te"
    assert split_stem("a cup of tex", letters)[1] == b""


def continued(text: str, told: dict[str, float], **given_: Any) -> Fed:
    request = GenerateRequest(prompt=text, **{"temperature": 0.0, **given_})
    return feed(request, VOCABULARY, ToldModel(TOKENIZER, told, END), bos=END)


def test_a_cut_word_is_continued_as_the_model_knows_it() -> None:
    told = {"I would like to have tea": 2.0, "I would likely do": 1.0}
    assert continued("I would lik", told).texts == ["e to have tea"]
    assert continued("I would like", told).texts == [" to have tea"]
    assert continued("I would likel", told).texts == ["y do"]
    assert continued("I would ", told).texts == ["like to have tea"]
    unhealed = continued("I would lik", told, heal=False)
    assert not unhealed.texts[0].startswith("e to")


def test_a_mark_is_continued_as_the_model_knows_it() -> None:
    assert continued("well?", {'well?" I know': 1.0}).texts == ['" I know']


def test_a_prompt_of_tokens_is_not_healed() -> None:
    request = GenerateRequest(prompt=TOKENIZER.encode("I woul"), temperature=0, max_tokens=1)
    fed = feed(request, VOCABULARY, ToldModel(TOKENIZER, {"I would": 1.0}, END), bos=END)
    assert not fed.prompt.stem


def test_one_likely_token_is_preferred_to_unlikely_pieces() -> None:
    """Many words begin with " l", but after it "ik" hardly ever follows."""

    def model(tokens: Sequence[int]) -> FloatArray:
        seen = list(tokens)
        weights = np.full(len(VOCABULARY), 1e-9)
        if seen == TOKENIZER.encode("I would"):
            weights[ord(" ")] = 0.5
            weights[TOKENIZER.id(" like")] = 0.05
        elif seen[-1] == ord(" "):
            weights[TOKENIZER.id("do")] = 1
            weights[TOKENIZER.id("liked")] = 1e-6
        else:
            weights[END] = 1
        logits: FloatArray = np.log(weights).astype(np.float32)
        return logits

    request = GenerateRequest(prompt="I would lik", temperature=0, max_tokens=2)
    assert feed(request, VOCABULARY, model, bos=END).texts == ["e"]
    both = GenerateRequest(prompt="I would lik", temperature=0, max_tokens=2, n=2)
    fed = feed(both, VOCABULARY, model, bos=END)
    # The pieces come second, with a score that tells how unlikely they are as a whole.
    assert fed.texts == ["e", "ed"]
    assert fed.choices[0].score == pytest.approx(0, abs=1e-3)
    assert fed.choices[1].score < -5


def test_odds_are_those_of_all_ways_that_were_tried() -> None:
    odds = StemOdds()
    odds.record([], [], math.log(0.1))
    assert odds.log_mass() == pytest.approx(math.log(0.1))
    odds.record([7], [math.log(0.5)], math.log(0.2))
    odds.record([7, 8], [math.log(0.5), math.log(0.4)], math.log(0.9))
    odds.record([7], [math.log(0.5)], math.log(0.2))
    expected = 0.1 + 0.5 * (0.2 + 0.4 * 0.9)
    assert odds.log_mass() == pytest.approx(math.log(expected))


def test_what_can_only_be_spelt_one_way_is_sure() -> None:
    """A name of rare pieces is no reason to be less sure of what follows it."""
    told = {"Xqzw would": 1.0}
    fed = continued("Xqzw", told, max_tokens=1)
    assert fed.texts == [" would"]
    assert fed.choices[0].score == pytest.approx(0, abs=1e-3)
