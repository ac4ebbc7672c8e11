"""llama2.c models: the same text, and a tokenizer that cuts texts in the same places."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_llama2c import open_llama2c
from cuebox.training.decoder_llama2c_tokenizer import read_llama2c_tokenizer
from cuebox.training.decoder_reader import DecoderReader
from cuebox.training.decoder_source import open_decoder_source
from cuebox.training.decoder_tokenizer import parse_tokenizer
from tests.fakes.numpy_decoder import NumpyDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.types import FloatArray

STORIES = Path(__file__).parents[4] / "shared" / "data" / "stories260k"
needs_stories = pytest.mark.skipif(not STORIES.exists(), reason="the stories260k files are absent")

DOCUMENTED = (
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball."
)
TEXTS = (
    "",
    " ",
    "   two  spaces ",
    "Once upon a time",
    "Lily's mom said, “Don't!” — and left…",
    "line\nline\n\n\tTAB",
    "ünïcödé 東京 🙂 ▁ <0x0A> <unk",
    "aaaaaaaaaaaaaaaaaaaa",
    "THE CAT SAT ON THE MAT 0123456789 ~|[]{}",
    "there there there was a little little little",
)


class ReferenceTokenizer:
    """llama2.c's `encode`, written from its description: join the best-scored pair, again."""

    def __init__(self, path: Path) -> None:
        self.entries: list[tuple[str, float]] = []
        content, at = path.read_bytes(), 4
        while at < len(content):
            score, size = struct.unpack_from("<fi", content, at)
            self.entries.append((content[at + 8 : at + 8 + size].decode(), score))
            at += 8 + size
        self.ids = {text: number for number, (text, _) in enumerate(self.entries)}

    def encode(self, text: str) -> list[int]:
        tokens = [self.ids[" "]] if text else []
        for character in text:
            known = self.ids.get(character)
            tokens += [byte + 3 for byte in character.encode()] if known is None else [known]
        while True:
            best, place, joined = -1e10, -1, -1
            for at in range(len(tokens) - 1):
                union = self.entries[tokens[at]][0] + self.entries[tokens[at + 1]][0]
                found = self.ids.get(union, -1)
                if found >= 0 and self.entries[found][1] > best:
                    best, place, joined = self.entries[found][1], at, found
            if place < 0:
                return tokens
            tokens[place : place + 2] = [joined]


def write_model(folder: Path, *, dim: int = 32, heads: int = 4, kv_heads: int = 2) -> Path:
    """A random model of 260 tokens, two layers, a context of 24, and its tokenizer."""
    rng = np.random.default_rng(1)
    hidden, layers, vocab, context = 24, 2, 260, 24
    size = dim // heads

    def normal(*shape: int) -> FloatArray:
        values: FloatArray = (rng.standard_normal(shape) * 0.4).astype(np.float32)
        return values

    arrays = [
        normal(vocab, dim), 1 + normal(layers, dim), normal(layers, dim, dim),
        normal(layers, kv_heads * size, dim), normal(layers, kv_heads * size, dim),
        normal(layers, dim, dim), 1 + normal(layers, dim), normal(layers, hidden, dim),
        normal(layers, dim, hidden), normal(layers, hidden, dim), 1 + normal(dim),
        normal(context, size // 2), normal(context, size // 2), normal(vocab, dim),
    ]  # fmt: skip
    header = np.array([dim, hidden, layers, heads, kv_heads, -vocab, context], "<i4")
    path = folder / "model.bin"
    path.write_bytes(header.tobytes() + b"".join(each.tobytes() for each in arrays))
    tokens = ["<unk>", "\n<s>\n", "\n</s>\n", *(f"<0x{byte:02X}>" for byte in range(256)), " "]
    entries = [
        struct.pack("<fi", -float(at), len(text)) + text.encode() for at, text in enumerate(tokens)
    ]
    (folder / "tok260.bin").write_bytes(struct.pack("<i", 6) + b"".join(entries))
    return path


def reference_logits(path: Path, tokens: list[int]) -> FloatArray:
    """llama2.c's forward pass after the last token; neighbouring values are turned together."""
    header = np.fromfile(path, "<i4", 7).tolist()
    dim, hidden, layers, heads, kv_heads, vocab, context = header
    vocab, size = abs(vocab), dim // heads
    values: Any = np.fromfile(path, "<f4", offset=28)

    def take(*shape: int) -> Any:
        nonlocal values
        count = int(np.prod(shape))
        taken, values = values[:count].reshape(shape), values[count:]
        return taken

    embed, norm1, wq = take(vocab, dim), take(layers, dim), take(layers, dim, dim)
    wk, wv = take(layers, kv_heads * size, dim), take(layers, kv_heads * size, dim)
    wo, norm2 = take(layers, dim, dim), take(layers, dim)
    w1, w2, w3 = take(layers, hidden, dim), take(layers, dim, hidden), take(layers, hidden, dim)
    last = take(dim)
    take(context, size)
    output = take(vocab, dim)

    def norm(x: Any, weight: Any) -> Any:
        return weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)

    def turn(x: Any) -> Any:
        angles = np.arange(len(x))[:, None] / 10000 ** (np.arange(0, size, 2) / size)
        turned = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)[:, None]
        return np.stack([turned.real, turned.imag], -1).reshape(x.shape)

    x = embed[tokens]
    for at in range(layers):
        h = norm(x, norm1[at])
        q = turn((h @ wq[at].T).reshape(len(x), heads, size))
        k = turn((h @ wk[at].T).reshape(len(x), kv_heads, size)).repeat(heads // kv_heads, 1)
        v = (h @ wv[at].T).reshape(len(x), kv_heads, size).repeat(heads // kv_heads, 1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(size)
        scores[:, np.triu(np.ones((len(x), len(x)), bool), 1)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", weights, v).reshape(len(x), dim) @ wo[at].T
        h = norm(x, norm2[at])
        gate = h @ w1[at].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w3[at].T)) @ w2[at].T
    logits: FloatArray = norm(x, last)[-1] @ output.T
    return logits


def test_rotation_of_neighbours_becomes_rotation_of_halves(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    source = open_decoder_source(str(path))
    assert not source.shape.tied
    assert (source.bos, source.ends) == (1, [1, 2])
    spec = export_decoder(source, tmp_path, quantization="float32")
    reader = DecoderReader(NumpyDecoder(spec, tmp_path / "decoder/weights.safetensors"))
    tokens = [1, 77, 200, 3, 259, 80, 80, 12]
    logits = np.concatenate(list(reader.logits(tokens)))[-1]
    np.testing.assert_allclose(logits, reference_logits(path, tokens), atol=2e-5)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-4]), "header asks for"),
        (lambda path: path.write_bytes(b"abc"), "not a llama2.c model"),
        (lambda path: path.with_name("tok260.bin").write_bytes(b"\0" * 30), "tok260.bin"),
        (lambda path: path.with_name("tok260.bin").write_bytes(b""), "0 tokens, the model 260"),
    ],
)
def test_damaged_files_are_named(
    break_it: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    path = write_model(tmp_path)
    break_it(path)
    with pytest.raises(ModelError) as refused:
        open_llama2c(path)
    assert message in refused.value.message


def test_which_tokenizer_is_asked_for_where_it_is_not_clear(tmp_path: Path) -> None:
    path = write_model(tmp_path)
    (tmp_path / "tokenizer.bin").write_bytes((tmp_path / "tok260.bin").read_bytes())
    with pytest.raises(ConfigError, match=r"has 2 files called tok\*\.bin"):
        open_decoder_source(str(path))
    assert open_decoder_source(str(path), tokenizer=str(tmp_path / "tok260.bin")).bos == 1
    with pytest.raises(ConfigError, match=r"absent\.bin: no such file"):
        open_decoder_source(str(tmp_path / "absent.bin"))


@needs_stories
def test_stories260k_gives_its_documented_text(tmp_path: Path) -> None:
    source = open_decoder_source(str(STORIES / "stories260K.bin"))
    spec = export_decoder(source, tmp_path, quantization="float32")
    reader = DecoderReader(NumpyDecoder(spec, tmp_path / "decoder/weights.safetensors"))
    tokenizer = parse_tokenizer(source.tokenizer_json)
    # Each token of the text is the most probable one: so is the text.
    tokens = [1, *tokenizer.encode(DOCUMENTED, add_special_tokens=False).ids]
    said = np.concatenate([logits.argmax(axis=1) for logits in reader.logits(tokens)])
    assert said[:-1].tolist() == tokens[1:]
    assert tokenizer.decode(tokens) == DOCUMENTED


@needs_stories
@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_cut_as_llama2c_cuts_them(text: str) -> None:
    tokenizer = parse_tokenizer(read_llama2c_tokenizer(STORIES / "tok512.bin", 512))
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert ids == ReferenceTokenizer(STORIES / "tok512.bin").encode(text)
    assert tokenizer.decode(ids) == text


@needs_stories
@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.text(alphabet=" abdehilnorstuwyT.,!'\n", max_size=60),
        st.lists(st.sampled_from(["the", "there", "was", "and", "little", "Lily"])).map(" ".join),
    )
)
def test_any_text_is_cut_as_llama2c_cuts_it(text: str) -> None:
    text = "".join(character for character in text if not 0xD800 <= ord(character) < 0xE000)
    tokenizer = parse_tokenizer(read_llama2c_tokenizer(STORIES / "tok512.bin", 512))
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if not {0, 1, 2}.intersection(ids):  # the text of a special token is that token
        assert ids == ReferenceTokenizer(STORIES / "tok512.bin").encode(text)
