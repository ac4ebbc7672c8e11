"""A language model's tokenizer: the bytes of its tokens are the text's bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers

from cuebox.core.errors import InvalidRequest, ModelError
from cuebox.engines.decoder_tokenizer import SubwordTokenizer, open_decoder_tokenizer
from tests.fakes.decoder_files import SPECIAL_TOKENS, tiny_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

VOCAB = 320
TEXTS = [
    "I would like to cancel my order, please.",
    "  two  spaces\n\n\tand tabs\r\n",
    "naïve café: 3.5 €, 日本語, 👍🏽, \u200b\u0301",
    "\x00\x01\x7f\x80\xff\u0100\u0120\u2581",
    "",
    " ",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokenizers")


@pytest.fixture(scope="module")
def byte_level(folder: Path) -> SubwordTokenizer:
    return _opened(tiny_tokenizer(VOCAB), folder)


@pytest.fixture(scope="module")
def sentencepiece(folder: Path) -> SubwordTokenizer:
    return _opened(_llama2(), folder, vocab=300)


def _opened(tokenizer: tokenizers.Tokenizer, folder: Path, vocab: int = VOCAB) -> SubwordTokenizer:
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return open_decoder_tokenizer(path, vocab)


def _llama2() -> tokenizers.Tokenizer:
    """Pieces of whole characters, bytes for the rest, as Llama 2's tokenizer has them."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += ["▁", "a", "b", "▁a", "ab", "▁ab", "."]
    merges = [("▁", "a"), ("a", "b"), ("▁", "ab")]
    made = tokenizers.Tokenizer(
        models.BPE(
            {piece: id_ for id_, piece in enumerate(pieces)},
            merges,
            unk_token="<unk>",
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    made.add_special_tokens(["<s>", "</s>"])
    return made


def _bytes(tokenizer: SubwordTokenizer, text: str) -> bytes:
    return b"".join(tokenizer.token_bytes[token] for token in tokenizer.encode(text))


@pytest.mark.parametrize("text", TEXTS)
def test_byte_level_tokens_are_the_text(byte_level: SubwordTokenizer, text: str) -> None:
    assert _bytes(byte_level, text) == text.encode()


@given(text=st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_its_tokens(byte_level: SubwordTokenizer, text: str) -> None:
    assert _bytes(byte_level, text) == text.encode()


@pytest.mark.parametrize("text", [*TEXTS[:3], TEXTS[4], "ab a b. abab", "<0x41>", "<s"])
def test_sentencepiece_tokens_are_the_text_after_a_space(
    sentencepiece: SubwordTokenizer, text: str
) -> None:
    assert _bytes(sentencepiece, text) == (b" " + text.encode() if text else b"")


def test_every_byte_has_a_token(
    byte_level: SubwordTokenizer, sentencepiece: SubwordTokenizer
) -> None:
    every = {bytes([byte]) for byte in range(256)}
    assert every <= set(byte_level.token_bytes)
    assert every <= set(sentencepiece.token_bytes)


def test_special_tokens_are_read_as_such_and_stand_for_no_bytes(
    byte_level: SubwordTokenizer, sentencepiece: SubwordTokenizer
) -> None:
    assert byte_level.special == {text: id_ for id_, text in enumerate(SPECIAL_TOKENS)}
    assert sentencepiece.special == {"<s>": 1, "</s>": 2}
    tokens = byte_level.encode("<|user|>Hi<|end|>")
    assert tokens[0] == 1
    assert tokens[-1] == 3
    assert _bytes(byte_level, "<|user|>Hi<|end|>") == b"Hi"
    assert [byte_level.token_bytes[id_] for id_ in range(4)] == [b""] * 4
    assert sentencepiece.token_bytes[0] == b"", "the unknown token"


def test_nothing_is_added_cut_or_padded(folder: Path) -> None:
    made = tiny_tokenizer(VOCAB)
    made.enable_padding(length=64)
    made.enable_truncation(3)
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    text = "Could you tell me where the station is? It is near the river."
    assert _bytes(_opened(made, folder), text) == text.encode()
    assert _opened(made, folder).encode(text)[0] != 0


def test_added_tokens_are_their_own_text(folder: Path) -> None:
    made = tiny_tokenizer(VOCAB)
    made.add_tokens([AddedToken("[NAME]"), AddedToken(" né "), AddedToken("Ġx")])
    opened = _opened(made, folder, vocab=VOCAB + 8)
    text = "Hello [NAME] né and Ġx!"
    assert _bytes(opened, text) == text.encode()
    assert len(opened.encode("[NAME]")) == 1
    assert opened.special.keys() == set(SPECIAL_TOKENS)


def test_rows_without_a_token_stand_for_no_bytes(folder: Path) -> None:
    opened = _opened(tiny_tokenizer(VOCAB), folder, vocab=VOCAB + 64)
    assert len(opened.token_bytes) == VOCAB + 64
    assert set(opened.token_bytes[VOCAB:]) == {b""}


def test_more_tokens_than_the_model_has_rows(folder: Path) -> None:
    with pytest.raises(ModelError, match="the model has 319 rows"):
        _opened(tiny_tokenizer(VOCAB), folder, vocab=VOCAB - 1)


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff"])
def test_a_lone_surrogate_is_named(byte_level: SubwordTokenizer, text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"lone surrogate, U\+D") as caught:
        byte_level.encode(text)
    assert caught.value.param == "prompt"


def _word_piece() -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    made.decoder = decoders.WordPiece()
    return made


def _without_decoder() -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))


@pytest.mark.parametrize("make", [_word_piece, _without_decoder])
def test_a_tokenizer_that_loses_bytes_is_refused(folder: Path, make: Any) -> None:
    with pytest.raises(ModelError, match="tokens must be byte-level"):
        _opened(make(), folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"model": 1}'])
def test_a_file_that_is_no_tokenizer(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"not a tokenizer\.json"):
        open_decoder_tokenizer(path, VOCAB)
    with pytest.raises(ModelError, match="absent"):
        open_decoder_tokenizer(tmp_path / "absent.json", VOCAB)


def test_metaspace_and_unigram(folder: Path) -> None:
    made = tokenizers.Tokenizer(
        models.Unigram([("<unk>", 0.0), ("▁", -1.0), ("▁a", -1.0), ("b", -1.0)], unk_id=0)
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    opened = _opened(made, folder)
    assert _bytes(opened, "a ab b") == b" a ab b"
    assert opened.token_bytes[0] == b""
