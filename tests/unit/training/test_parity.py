"""The comparison of two encoders and its gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.errors import ParityError
from cuebox.training.parity import ParityLimits, check_parity, compare_encoders
from cuebox.training.sentences import calibration_sentences, parity_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

NAMES = ("torch", "int8")
TEXTS = [f"text number {number}" for number in range(50)]


def exact(texts: Sequence[str], batch: int) -> FloatArray:
    del batch
    rows = [np.random.default_rng(sum(map(ord, text))).standard_normal(16) for text in texts]
    return np.asarray(rows, dtype=np.float32)


def test_an_encoder_agrees_with_itself_in_every_regime() -> None:
    seen: list[int] = []
    report = compare_encoders(exact, exact, TEXTS, names=NAMES, progress=seen.append)
    assert [row.regime for row in report.rows] == [
        "one text a run",
        "batches of 7",
        "batches of 32",
        "long texts",
    ]
    assert sum(seen) == 3 * 50 + 5
    assert report.min == pytest.approx(1)
    check_parity(report, ParityLimits(mean=0.9999, p1=0.9999, min=0.9999))


def test_a_fault_that_shows_only_in_batches_is_found() -> None:
    def faulty(texts: Sequence[str], batch: int) -> FloatArray:
        rows = exact(texts, batch)
        if batch == 7:
            rows[13] *= -1
        return rows

    report = compare_encoders(exact, faulty, TEXTS, names=NAMES)
    with pytest.raises(ParityError, match=r"batches of 7.*'text number 13'"):
        check_parity(report, ParityLimits(mean=0.5, p1=-1, min=0.9))


def test_a_result_that_is_not_a_number_fails() -> None:
    def broken(texts: Sequence[str], batch: int) -> FloatArray:
        return exact(texts, batch) * np.float32("nan")

    with pytest.raises(ParityError, match="nan"):
        check_parity(compare_encoders(exact, broken, TEXTS, names=NAMES), ParityLimits())


def test_another_width_fails() -> None:
    with pytest.raises(ParityError, match="shape"):
        compare_encoders(exact, lambda texts, batch: exact(texts, batch)[:, :8], TEXTS, names=NAMES)


def test_the_shipped_sentences_are_many_and_apart() -> None:
    judged, calibrated = parity_sentences(), calibration_sentences()
    assert len(set(judged)) == 600
    assert len(set(calibrated)) == 240
    assert not set(judged) & set(calibrated)
