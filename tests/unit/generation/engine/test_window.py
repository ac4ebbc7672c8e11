"""The end of long documents: exact, stable while they grow, cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.engine.window import TailReader, fit
from tests.fakes.decoder_files import SPECIAL_TOKENS, tiny_tokenizer
from tests.fakes.step_model import ByteTokenizer, SpacingTokenizer

if TYPE_CHECKING:
    import tokenizers

WORDS = [
    "the", "captain", "looked", "at", "sea,", "and", "said:", "“no”", "naïve", "café.", "I\u2019m",
    "don't", "3.5", "\n\n", "<|user|>", "  ", "x" * 40, "日本語",
]  # fmt: skip

Prose = st.lists(st.sampled_from(WORDS), max_size=900).map(" ".join)


class BpeTokenizer:
    """A byte-level BPE tokenizer, as GPT-2's."""

    def __init__(self) -> None:
        self._inner: tokenizers.Tokenizer = tiny_tokenizer()
        self.special = {name: at for at, name in enumerate(SPECIAL_TOKENS)}
        self.token_bytes = [b""] * 320

    def encode(self, text: str) -> list[int]:
        return list(self._inner.encode(text, add_special_tokens=False).ids)


BPE = BpeTokenizer()


@settings(max_examples=60, deadline=None)
@given(Prose, st.integers(1, 400))
def test_pieces_joined_are_the_tokens_of_the_whole(text: str, most: int) -> None:
    tail = TailReader(BPE).read(text, most)
    assert tail.tokens == BPE.encode(text[tail.start :])


@settings(max_examples=30, deadline=None)
@given(Prose)
def test_a_tokenizer_that_adds_a_space_adds_only_one(text: str) -> None:
    text = text.replace("<|user|>", "user")
    tail = TailReader(SpacingTokenizer()).read(text, 10_000)
    assert bytes(tail.tokens) == (f" {text}" if text else "").encode()


@settings(max_examples=30, deadline=None)
@given(Prose, st.integers(1, 300))
def test_the_tail_holds_as_much_as_is_asked_for(text: str, most: int) -> None:
    # One byte a token: every text has enough tokens.
    tail = TailReader(ByteTokenizer()).read(text, most)
    whole = ByteTokenizer().encode(text)
    assert whole[len(whole) - len(tail.tokens) :] == tail.tokens
    assert len(tail.tokens) >= min(most, len(whole))


def test_what_was_tokenised_stays_as_the_document_grows() -> None:
    document = "The captain looked at the sea, and said nothing. " * 400
    reader = TailReader(ByteTokenizer())
    before = reader.read(document[:9_000], 1_000)
    starts = set()
    for end in range(9_001, 14_000, 7):
        tail = reader.read(document[:end], 1_000)
        starts.add(tail.start)
        if tail.start == before.start:
            assert tail.tokens[: len(before.tokens)] == before.tokens
        before = tail
    # 5,000 characters on, the tail has begun anew once or twice.
    assert len(starts) <= 3


def test_a_keystroke_in_a_long_document_tokenises_a_few_hundred_characters() -> None:
    document = "The captain looked at the sea, and said nothing. " * 10_000
    tokenizer = ByteTokenizer()
    reader = TailReader(tokenizer)
    reader.read(document, 1_000)
    before = tokenizer.encoded_chars
    reader.read(document + "A", 1_000)
    assert tokenizer.encoded_chars - before <= 3 * 256


def test_a_text_without_spaces_has_a_tail_too() -> None:
    tail = TailReader(ByteTokenizer()).read("字" * 5_000, 100)
    assert 100 <= len(tail.tokens) <= 8_000


@given(st.integers(1, 5_000), st.integers(1, 500), st.floats(0.01, 0.5))
def test_the_window_fits_and_keeps_most_of_its_room(tokens: int, room: int, stride: float) -> None:
    kept = tokens - fit(tokens, room, stride)
    assert 1 <= kept <= max(room, 1)
    assert kept >= min(tokens, room - int(room * stride)) or kept == 1


def test_the_window_moves_once_per_stride() -> None:
    begins = [fit(tokens, 1_000, 0.25) for tokens in range(1_001, 2_001)]
    assert sorted(set(begins)) == [250, 500, 750, 1_000]
    assert begins == sorted(begins)
