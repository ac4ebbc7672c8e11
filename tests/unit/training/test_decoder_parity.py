"""Two decoders held against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.errors import ParityError
from cuebox.training.decoder_parity import (
    DecoderLimits,
    check_agreement,
    check_equal,
    compare_decoders,
    text_windows,
)
from cuebox.training.decoder_reader import DecoderReader, log_softmax
from tests.fakes.decoder_files import tiny_decoder
from tests.fakes.numpy_decoder import NumpyDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray


class Shifted:
    """Favours one token by so many nats; NaN breaks it."""

    def __init__(self, by: float) -> None:
        self._by = by

    def logits(self, tokens: Sequence[int]) -> Iterator[FloatArray]:
        rows = np.zeros((len(tokens), 4), np.float32)
        rows[:, 1] = 1
        rows[:, 2] = 1 + self._by
        yield rows[:2]
        yield rows[2:]


WINDOWS = [[0, 1, 2, 1, 1], [0, 2, 2, 2]]


def agree(by: float) -> tuple[float, float]:
    found = compare_decoders(Shifted(-0.0005), Shifted(by), WINDOWS, names=("one", "other"))
    check_equal(found)
    return found.largest_difference, found.same_first


def test_what_is_equal_but_for_rounding_passes() -> None:
    assert agree(-0.0005) == (0, 1)
    difference, same = agree(0.0002)
    assert difference < 1e-3
    assert same == 0, "a tie within rounding may fall either way"


def test_another_text_or_another_probability_fails() -> None:
    with pytest.raises(ParityError, match="other differs from one: a log-probability by"):
        agree(0.01)
    with pytest.raises(ParityError):
        agree(math.nan)


def test_growth_of_perplexity_is_held_against_its_limit() -> None:
    found = compare_decoders(Shifted(0), Shifted(-1), WINDOWS, names=("float32", "int4"))
    assert found.tokens == 7
    assert found.growth == pytest.approx(found.perplexity / found.reference_perplexity - 1)
    assert found.growth > 0.1
    assert found.divergence > 0
    check_agreement(found, DecoderLimits(growth=found.growth + 0.01))
    with pytest.raises(ParityError, match=r"perplexity grows from .* \(float32\) to .* \(int4\)"):
        check_agreement(found, DecoderLimits(growth=0.02))


def test_windows_begin_documents_and_stay_within_the_budget() -> None:
    texts = [list(range(10, 20)), [], [30], [40, 41, 42]]
    windows = text_windows(texts, context=5, bos=0, most=1000)
    assert windows == [
        [0, 10, 11, 12, 13],
        [0, 14, 15, 16, 17],
        [0, 18, 19],
        [0, 30],
        [0, 40, 41, 42],
    ]
    assert text_windows(texts, context=4, bos=None, most=6) == [[10, 11, 12, 13], [14, 15]]


def test_log_probabilities_do_not_depend_on_the_pieces_of_a_text(tmp_path: Path) -> None:
    spec, weights, _ = tiny_decoder(tmp_path, quantization="float32", context=300)
    reader = DecoderReader(NumpyDecoder(spec, weights))
    tokens = np.random.default_rng(0).integers(4, 320, 300).tolist()
    whole = reader.logprobs(tokens)
    assert whole.shape == (299,)
    np.testing.assert_allclose(whole[:100], reader.logprobs(tokens[:101]), atol=1e-5)
    logits = np.concatenate([piece.copy() for piece in reader.logits(tokens)])
    expected = log_softmax(logits[:-1])[np.arange(299), tokens[1:]]
    np.testing.assert_allclose(whole, expected, atol=1e-6)
    assert (whole < 0).all()
