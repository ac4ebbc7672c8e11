"""A published encoder as the server loads it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cuebox.core.errors import GoldenMismatch, ModelError
from cuebox.core.manifest import EncoderSpec, Golden, Manifest
from cuebox.kinds.encoder import KIND

TINY = Path(__file__).parents[3] / "data" / "tiny_encoder"


@pytest.fixture
def manifest() -> Manifest:
    spec = msgspec.json.decode((TINY / "spec.json").read_bytes(), type=EncoderSpec)
    return Manifest(kind="encoder", name="tiny", version="2026-11-21.1", files={}, encoder=spec)


def unread(path: str) -> bytes:
    raise AssertionError(f"an encoder's predictor needs no file, asked for {path}")


def test_it_has_no_labels_and_no_bank(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, unread)
    assert list(predictor.labels) == []
    KIND.bank([predictor])


def test_text_is_normalised_as_the_manifest_says(manifest: Manifest) -> None:
    lower = msgspec.structs.replace(manifest, body={"text": {"lowercase": True}})
    assert KIND.load(manifest, unread).prepare(" My\u00a0 CARD\u200b ") == "My CARD"
    assert KIND.load(lower, unread).prepare("My CARD") == "my card"


def test_goldens_allow_rounding_but_not_another_model(manifest: Manifest) -> None:
    predictor = KIND.load(manifest, unread)
    expected = np.eye(64, dtype=np.float32)[0]
    near, other = expected.copy(), expected.copy()
    near[1], other[1] = 0.05, 0.2
    golden = Golden("where is my card", expected.tolist())
    predictor.check(golden, near)
    with pytest.raises(GoldenMismatch, match=r"'where is my card' has cosine 0\.98"):
        predictor.check(golden, other)
    for wrong in (expected * 0, expected * np.float32("nan")):
        with pytest.raises(GoldenMismatch):
            predictor.check(golden, wrong)
    with pytest.raises(GoldenMismatch, match="64 values"):
        predictor.check(golden, expected[:8])


@pytest.mark.parametrize("change", [{"encoder": None}, {"body": {"text": {"nonsense": 1}}}])
def test_a_manifest_that_cannot_be_served(manifest: Manifest, change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="encoder 'tiny'"):
        KIND.load(msgspec.structs.replace(manifest, **change), unread)
