from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.core.manifest import EncoderSpec, FileRef
from cuebox.core.text import TextSettings
from cuebox.core.types import FloatArray, TokenBatch, Tokens
from cuebox.training.embedder import CachedEmbedder
from cuebox.training.embedding_file import EmbeddingFile

if TYPE_CHECKING:
    from pathlib import Path

_REF = FileRef("0" * 64, 1)


class Letters:
    """One token a character."""

    def encode(self, text: str) -> Tokens:
        ids = [ord(letter) for letter in text] or [0]
        return Tokens(ids, len(ids))


class CountingEncoder:
    """Embeds by length and sum; counts what it was asked; fails on demand."""

    spec = EncoderSpec(
        architecture="bert",
        dim=2,
        max_tokens=64,
        pooling="mean",
        normalize=False,
        quantization="float32",
        model=_REF,
        tokenizer=_REF,
    )

    def __init__(self, fail_on: str | None = None) -> None:
        self.asked: Counter[str] = Counter()
        self.rows: list[int] = []
        self._fail_on = fail_on

    def run(self, batch: TokenBatch) -> FloatArray:
        text = "".join(map(chr, batch.ids[0].tolist()))
        if text == self._fail_on:
            raise KeyboardInterrupt
        self.asked[text] += 1
        self.rows.append(len(batch.ids))
        return np.array([[batch.ids.shape[1], batch.ids.sum()]], np.float32)

    def close(self) -> None:
        pass


def test_a_second_run_asks_the_encoder_nothing(tmp_path: Path) -> None:
    texts = ["one", "two", "one", " one ", "three"]
    first = CountingEncoder()
    expected = CachedEmbedder(Letters(), first, cache=tmp_path, workers=2)(texts, TextSettings())
    assert first.asked == {"one": 1, "two": 1, "three": 1}
    second = CountingEncoder()
    again = CachedEmbedder(Letters(), second, cache=tmp_path, workers=2)(texts, TextSettings())
    assert not second.asked
    assert (again == expected).all()


def test_texts_go_through_the_encoder_one_by_one(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    CachedEmbedder(Letters(), encoder, cache=None, workers=3)(["a", "bb", "ccc"], TextSettings())
    assert encoder.rows == [1, 1, 1]


def test_progress_adds_up_to_all_rows(tmp_path: Path) -> None:
    embedder = CachedEmbedder(Letters(), CountingEncoder(), cache=tmp_path, workers=1)
    for texts in (["a", "b"], ["a", "b", "c", "c"]):
        done: list[int] = []
        embedder(texts, TextSettings(), done.append)
        assert sum(done) == len(texts)


def test_an_interrupted_run_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cuebox.training.embedder._SAVE_EVERY", 2)
    texts = ["a", "b", "c", "d", "stop", "e"]
    broken = CountingEncoder(fail_on="stop")
    with pytest.raises(KeyboardInterrupt):
        CachedEmbedder(Letters(), broken, cache=tmp_path, workers=1)(texts, TextSettings())
    second = CountingEncoder()
    CachedEmbedder(Letters(), second, cache=tmp_path, workers=1)(texts, TextSettings())
    assert set(second.asked) == {"stop", "e"}


@settings(deadline=None, max_examples=20)
@given(st.dictionaries(st.text(), st.floats(width=32, allow_nan=False), max_size=20))
def test_what_is_added_to_a_file_is_read_from_it(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, float]
) -> None:
    path = tmp_path_factory.mktemp("embeddings") / "some.sqlite"
    EmbeddingFile(path).add((text, np.array([value], np.float32)) for text, value in values.items())
    found = EmbeddingFile(path).read([*values, "never added \udc80"])
    assert {text: float(vector[0]) for text, vector in found.items()} == values
