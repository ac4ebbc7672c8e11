"""Which tokens agree with what was typed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.generation.choices.vocabulary import Vocabulary
from tests.fakes.byte_tokenizer import ByteTokenizer

TOKENIZER = ByteTokenizer()
VOCABULARY = Vocabulary(TOKENIZER)

typed = st.text(alphabet=" lik'etoan.\"é\n", min_size=1, max_size=12).map(str.encode)


class Sparse:
    """Tokens that cannot spell everything."""

    special: dict[str, int] = {}  # noqa: RUF012
    token_bytes = (b"ab", b"abc", b"ca", b"a", b"b\xff", b"b\xff\xff")

    def encode(self, text: str) -> list[int]:
        raise NotImplementedError


@settings(deadline=None, max_examples=100)
@given(typed)
def test_allowed_are_all_tokens_that_agree(rest: bytes) -> None:
    allowed = VOCABULARY.allowed(rest)
    ids = allowed.ids.tolist()
    covering = {id_ for id_, data in enumerate(TOKENIZER.token_bytes) if data.startswith(rest)}
    spelling = {
        id_
        for id_, data in enumerate(TOKENIZER.token_bytes)
        if data and data != rest and rest.startswith(data)
    }
    assert set(ids[: allowed.covers]) == covering
    assert set(ids[allowed.covers :]) == spelling
    assert len(ids) == len(set(ids))
    assert len(allowed.prior) == len(spelling)
    assert (allowed.prior < 0).all()


def test_special_tokens_are_never_allowed() -> None:
    assert not set(VOCABULARY.allowed(b"<").ids.tolist()) & VOCABULARY.special


def test_a_token_that_leads_nowhere_is_not_allowed() -> None:
    vocabulary = Vocabulary(Sparse())
    # After "a" or "ab" nothing spells the rest; after "abc", "ca" does.
    assert vocabulary.allowed(b"abcc").ids.tolist() == [1]


def test_spelling_that_is_impossible_is_known_to_be() -> None:
    vocabulary = Vocabulary(Sparse())
    assert vocabulary.spells(b"abc")
    assert vocabulary.spells(b"aab\xff")
    assert vocabulary.spells(b"b\xff\xff")
    assert not vocabulary.spells(b"x")
    assert not vocabulary.spells(b"abx")
    assert VOCABULARY.spells("anything, ünïcode 😀".encode())


def test_bytes_of_255_are_looked_up_like_others() -> None:
    vocabulary = Vocabulary(Sparse())
    assert sorted(vocabulary.allowed(b"b\xff").ids.tolist()) == [4, 5]
    assert vocabulary.allowed(b"b\xff\xff").ids[: vocabulary.allowed(b"b\xff\xff").covers] == [5]


def test_decode_names_special_tokens_and_replaces_broken_characters() -> None:
    end = TOKENIZER.special["<|end|>"]
    assert VOCABULARY.decode([*TOKENIZER.encode("tea é"), end]) == "tea é<|end|>"
    assert VOCABULARY.decode([0xE2, 0x82]) == "\ufffd"
