"""The tiny encoder's tokenizer."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def tiny_tokenizer() -> str:
    """Content of its `tokenizer.json`."""
    path = Path(__file__).parents[2] / "data" / "tiny_encoder" / "tokenizer.json"
    return path.read_text(encoding="utf-8")
