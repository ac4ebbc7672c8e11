"""The encoder over a real, tiny session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from cuebox.core.errors import ModelError, Unavailable
from cuebox.core.types import TokenBatch
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.manifest import EncoderSpec
    from cuebox.engines.onnx_encoder import OnnxEncoder
    from cuebox.engines.tokenizer import FastTokenizer

NO_CACHE = EngineSettings(cache_dir="")
TEXTS = ["cancel my card", "where is my flight to london please", "hi"]


@pytest.fixture
def opened(spec: EncoderSpec, tiny: Path) -> tuple[FastTokenizer, OnnxEncoder]:
    return EncoderOpener(NO_CACHE)(spec, tiny / "model.onnx", tiny / "tokenizer.json")


def test_embeddings_have_unit_length(opened: tuple[FastTokenizer, OnnxEncoder]) -> None:
    tokenizer, encoder = opened
    output = encoder.run(TokenBatch.of([tokenizer.encode(text).ids for text in TEXTS]))
    assert output.shape == (3, 64)
    assert output.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(output, axis=1), 1, atol=1e-5)


def test_a_padded_batch_answers_like_single_texts(
    opened: tuple[FastTokenizer, OnnxEncoder],
) -> None:
    tokenizer, encoder = opened
    rows = [tokenizer.encode(text).ids for text in TEXTS]
    together = encoder.run(TokenBatch.of(rows))
    alone = np.concatenate([encoder.run(TokenBatch.of([row])) for row in rows])
    assert (together * alone).sum(axis=1).min() > 0.99


def test_what_stands_in_padding_does_not_matter(
    opened: tuple[FastTokenizer, OnnxEncoder],
) -> None:
    tokenizer, encoder = opened
    batch = TokenBatch.of([tokenizer.encode(text).ids for text in TEXTS])
    other = TokenBatch(np.where(batch.mask == 1, batch.ids, 77), batch.mask)
    np.testing.assert_array_equal(encoder.run(batch), encoder.run(other))


def test_no_rows_give_no_embeddings(opened: tuple[FastTokenizer, OnnxEncoder]) -> None:
    empty = np.zeros((0, 4), dtype=np.int64)
    assert opened[1].run(TokenBatch(empty, empty)).shape == (0, 64)


def test_threads_get_their_own_answers(opened: tuple[FastTokenizer, OnnxEncoder]) -> None:
    tokenizer, encoder = opened
    batches = [TokenBatch.of([tokenizer.encode(f"order {n}").ids]) for n in range(40)]
    expected = [encoder.run(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for got, want in zip(pool.map(encoder.run, batches), expected, strict=True):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("ids", [[[10**6]], [[5] * 65]])
def test_a_batch_that_does_not_fit_is_a_model_error(
    opened: tuple[FastTokenizer, OnnxEncoder], ids: list[list[int]]
) -> None:
    with pytest.raises(ModelError, match="cannot run a batch of shape"):
        opened[1].run(TokenBatch.of(ids))


def test_a_closed_encoder_refuses(opened: tuple[FastTokenizer, OnnxEncoder]) -> None:
    opened[1].close()
    with pytest.raises(Unavailable, match="closed"):
        opened[1].run(TokenBatch.of([[2, 3]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"dim": 32}, "of width 32"), ({"quantization": "int4"}, "'int4'")],
)
def test_a_model_that_does_not_fit_its_spec(
    spec: EncoderSpec, tiny: Path, change: dict[str, object], message: str
) -> None:
    wrong = msgspec.structs.replace(spec, **change)
    with pytest.raises(ModelError, match=message):
        EncoderOpener(NO_CACHE)(wrong, tiny / "model.onnx", tiny / "tokenizer.json")


def test_a_file_that_is_no_model(spec: EncoderSpec, tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"not onnx")
    with pytest.raises(ModelError, match="cannot be loaded"):
        EncoderOpener(NO_CACHE)(spec, broken, tiny / "tokenizer.json")
