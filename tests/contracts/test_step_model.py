"""One suite over every `StepModel` that has weights, against plain numpy on whole texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.engines.opener import DecoderOpener
from cuebox.engines.settings import DecoderSettings
from tests.fakes.decoder_files import tiny_decoder
from tests.fakes.numpy_decoder import open_numpy_decoder
from tests.fakes.reference_decoder import ReferenceDecoder
from tests.fakes.sequences import Part, step_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.core.ports import OpenDecoder, StepModel
    from cuebox.core.types import FloatArray

LENGTH = 75
TEXT = np.random.default_rng(7).integers(0, 320, LENGTH).tolist()
OTHER = np.random.default_rng(8).integers(0, 320, LENGTH).tolist()


@pytest.fixture(scope="module", params=["openvino", "numpy"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StepModel, ReferenceDecoder]]:
    spec, weights, tokenizer = tiny_decoder(tmp_path_factory.mktemp("decoder"), kv_heads=2)
    exact = DecoderOpener(DecoderSettings(exact=True, kv_cache_mb=8))
    openers: dict[str, OpenDecoder] = {"openvino": exact, "numpy": open_numpy_decoder}
    _, model = openers[request.param](spec, weights, tokenizer)
    yield model, ReferenceDecoder(spec, weights)
    model.close()


@pytest.fixture
def model(opened: tuple[StepModel, ReferenceDecoder]) -> StepModel:
    return opened[0]


@pytest.fixture
def reference(opened: tuple[StepModel, ReferenceDecoder]) -> ReferenceDecoder:
    return opened[1]


def _blocks(model: StepModel, first: int = 0) -> list[int]:
    """Blocks for a text of `LENGTH` tokens, in no particular order."""
    count = -(-LENGTH // model.block_size)
    return [first + place for place in reversed(range(count))]


def _same(found: FloatArray, expected: FloatArray) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_whole_text_at_once(model: StepModel, reference: ReferenceDecoder) -> None:
    batch = step_batch(Part(TEXT, 0, _blocks(model)), sample=range(LENGTH))
    _same(model.step(batch), reference.logits(TEXT))


def test_a_text_in_pieces_and_then_token_by_token(
    model: StepModel, reference: ReferenceDecoder
) -> None:
    expected, blocks = reference.logits(TEXT), _blocks(model)
    past = 0
    for size in (1, 16, 15, 33, *[1] * 10):
        new = TEXT[past : past + size]
        logits = model.step(step_batch(Part(new, past, blocks), sample=range(size)))
        _same(logits, expected[past : past + size])
        past += size
    assert past == LENGTH


def test_a_step_may_ask_for_no_logits(model: StepModel, reference: ReferenceDecoder) -> None:
    blocks = _blocks(model)
    assert model.step(step_batch(Part(TEXT[:-1], 0, blocks), sample=[])).shape == (0, 320)
    _same(model.step(step_batch(Part(TEXT[-1:], LENGTH - 1, blocks))), reference.logits(TEXT)[-1:])


def test_logits_come_in_the_order_that_is_asked_for(
    model: StepModel, reference: ReferenceDecoder
) -> None:
    wanted = [40, 2, 2, 74]
    logits = model.step(step_batch(Part(TEXT, 0, _blocks(model)), sample=wanted))
    _same(logits, reference.logits(TEXT)[wanted])


def test_prompts_and_single_tokens_in_one_step(
    model: StepModel, reference: ReferenceDecoder
) -> None:
    blocks = [_blocks(model, first) for first in (0, 8, 16)]
    model.step(step_batch(Part(TEXT[:60], 0, blocks[0])))
    model.step(step_batch(Part(OTHER[:9], 0, blocks[1])))
    logits = model.step(
        step_batch(
            Part(TEXT[60:61], 60, blocks[0]),
            Part(OTHER[:33], 0, blocks[2]),
            Part(OTHER[9:10], 9, blocks[1]),
        )
    )
    text, other = reference.logits(TEXT), reference.logits(OTHER)
    _same(logits, np.stack([text[60], other[32], other[9]]))


def test_forks_share_full_blocks_and_copy_the_last(
    model: StepModel, reference: ReferenceDecoder
) -> None:
    size = model.block_size
    prompt = TEXT[: 2 * size + 5] if 2 * size + 5 < LENGTH else TEXT[: size + 5]
    full = len(prompt) // size
    shared, own = list(range(full)), [20, 21, 22]
    model.step(step_batch(Part(prompt, 0, [*shared, own[0]])))
    for copy in own[1:]:
        model.copy_block(own[0], copy)
    ends = [[5, 6, 7], [8, 9, 10], [11, 12, 13]]
    for place in range(3):
        parts = [
            Part([end[place]], len(prompt) + place, [*shared, block])
            for end, block in zip(ends, own, strict=True)
        ]
        logits = model.step(step_batch(*parts))
    _same(logits, np.stack([reference.logits([*prompt, *end])[-1] for end in ends]))


def test_many_texts_of_many_sizes(model: StepModel, reference: ReferenceDecoder) -> None:
    sizes = [1, 2, 3, 5, 8, 9, 11, 1, 1, 14, 7]
    blocks = -(-max(sizes) // model.block_size)
    parts = [
        Part(TEXT[index : index + size], 0, range(index * blocks, (index + 1) * blocks))
        for index, size in enumerate(sizes)
    ]
    expected = np.stack([reference.logits(part.tokens)[-1] for part in parts])
    for count in range(1, len(parts) + 1):
        _same(model.step(step_batch(*parts[:count])), expected[:count])
