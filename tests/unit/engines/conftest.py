"""The tiny encoder's files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cuebox.core.manifest import EncoderSpec

TINY = Path(__file__).parents[2] / "data" / "tiny_encoder"


@pytest.fixture
def tiny() -> Path:
    """Folder with `model.onnx` and `tokenizer.json`."""
    return TINY


@pytest.fixture
def spec() -> EncoderSpec:
    """The tiny encoder's spec."""
    return msgspec.json.decode((TINY / "spec.json").read_bytes(), type=EncoderSpec)
