"""From prompts to tokens: BOS, healing, the window over documents longer than the model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import InvalidRequest
from cuebox.core.generation import GenerateRequest
from cuebox.generation.choices.vocabulary import Vocabulary
from cuebox.generation.engine.limits import Limits
from cuebox.generation.engine.preparation import Preparation
from cuebox.generation.settings import GenerationSettings
from tests.fakes.desk import LONG, Desk
from tests.fakes.step_model import ByteTokenizer, SpacingTokenizer, fake_decoder_spec

if TYPE_CHECKING:
    from cuebox.generation.choices.prompt import PreparedPrompt

BEGIN = 256
SENTENCE = "The captain looked at the sea, and said nothing. "


def prepare(
    prompt: str | list[int],
    *,
    context: int = 64,
    bos: int | None = BEGIN,
    tokenizer: ByteTokenizer | None = None,
    **fields: Any,
) -> PreparedPrompt:
    spec = fake_decoder_spec(context=context, bos=bos)
    tokenizer = tokenizer or ByteTokenizer()
    limits = Limits(spec, GenerationSettings(), 100_000)
    preparation = Preparation(tokenizer, Vocabulary(tokenizer), limits, bos=bos, stride=0.25)
    return preparation.prepare(GenerateRequest(prompt=prompt, **fields))


def test_a_text_begins_with_the_models_bos_which_nobody_typed() -> None:
    prepared = prepare("the sea.", heal=False)
    assert prepared.tokens == [BEGIN, *b"the sea."]
    assert prepared.hidden == 1


def test_a_text_that_brings_its_own_bos_gets_no_second() -> None:
    prepared = prepare("<|begin|>the sea.", heal=False)
    assert prepared.tokens == [BEGIN, *b"the sea."]
    assert prepared.hidden == 0


def test_tokens_are_taken_as_they_are() -> None:
    prepared = prepare([97, 98])
    assert (prepared.tokens, prepared.stem, prepared.text) == ([97, 98], b"", None)
    assert prepared.hidden == 0


def test_the_unfinished_word_is_left_to_the_answer() -> None:
    prepared = prepare("I would lik")
    assert bytes(prepared.tokens[1:]) + prepared.stem == b"I would lik"
    assert prepared.stem == b" lik"
    assert prepare("I would lik", heal=False).stem == b""
    assert prepare("I would lik", max_tokens=0, echo=True).stem == b""


@pytest.mark.parametrize("typed", ["", "wor", "word", " wor"])
def test_the_space_that_a_tokenizer_begins_with_is_nobodys(typed: str) -> None:
    prepared = prepare(typed, tokenizer=SpacingTokenizer())
    assert prepared.tokens == [BEGIN]
    assert prepared.stem.decode() == f" {typed.strip()}"
    assert prepare("the wor", tokenizer=SpacingTokenizer()).stem == b" wor"


def test_repeating_the_stem_is_free_but_takes_room() -> None:
    assert prepare("I would lik", max_tokens=10).room == 10 + len(" lik") + 1
    assert prepare("I would lik", max_tokens=60).room == 62


def test_an_empty_text_is_a_document_that_begins() -> None:
    assert prepare("").tokens == [BEGIN]
    assert prepare("wor").tokens == [BEGIN]
    with pytest.raises(InvalidRequest, match="empty"):
        prepare("", bos=None)


def test_without_bos_a_first_word_is_not_healed() -> None:
    prepared = prepare("wor", bos=None)
    assert (prepared.tokens, prepared.stem) == (list(b"wor"), b"")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3_000), st.integers(0, 40), st.booleans())
def test_prompt_and_answer_always_fit(length: int, max_tokens: int, tokens: bool) -> None:
    text = (SENTENCE * 80)[:length] or "a"
    prepared = prepare(list(text.encode()) if tokens else text, max_tokens=max_tokens, echo=True)
    taken = len(prepared.tokens) + (prepared.room if max_tokens else 0)
    assert taken <= 64
    typed = bytes(prepared.tokens[prepared.hidden :]) + prepared.stem
    assert text.encode().endswith(typed)
    # Of a text the beginning is estimated, which is exact where every character is a token.
    assert prepared.dropped == len(text) - len(typed)


def test_a_growing_document_keeps_its_beginning_for_a_stride() -> None:
    document = SENTENCE * 100
    begins = []
    for end in range(2_000, 2_120):
        prepared = prepare(document[:end], context=128, max_tokens=8, heal=False)
        begins.append(tuple(prepared.tokens[:20]))
    # 120 characters on, the window of about 120 tokens has moved by 30 at a time.
    assert len(set(begins)) <= 6


def test_typing_at_the_end_of_a_book_reads_little_at_each_key() -> None:
    desk = Desk(context=256, blocks=512)
    book = SENTENCE * 4_000
    keys = "He was certain that the storm would come before the evening, and he was not mistaken."
    desk.answer(book, heal=True, max_tokens=3)
    read, encoded = desk.stat("read_tokens_total"), desk.tokenizer.encoded_chars
    for end in range(1, len(keys) + 1):
        asked = desk.answer(book + keys[:end], heal=True, max_tokens=3)
        usage = asked.completed.usage
        assert usage.dropped_tokens > 190_000
        assert 160 <= usage.prompt_tokens <= 256
    assert (desk.tokenizer.encoded_chars - encoded) / len(keys) < 600
    # The window moved once or twice; else each word is read once.
    assert desk.stat("read_tokens_total") - read < 3 * 256 + len(keys)


def test_long_token_prompts_move_in_strides_too() -> None:
    desk = Desk(context=64)
    cached = []
    for end in range(300, 340):
        usage = desk.answer(LONG[:end], max_tokens=3).completed.usage
        assert usage.dropped_tokens == end - usage.prompt_tokens
        cached.append(usage.cached_tokens)
    assert cached.count(0) <= 4
