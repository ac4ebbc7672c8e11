"""A checkpoint becomes a served encoder: one portable ONNX file and its tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.manifest import EncoderSpec, FileRef
from cuebox.training.encoder_graph import build_graph
from cuebox.training.sentences import calibration_sentences
from cuebox.training.smoothing import measure_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.training.encoder_source import EncoderSource

__all__ = ["MODEL_FILE", "TOKENIZER_FILE", "export_encoder"]

MODEL_FILE = "encoder/model.onnx"
TOKENIZER_FILE = "encoder/tokenizer.json"


def export_encoder(
    source: EncoderSource,
    folder: Path,
    *,
    quantization: str = "int8",
    calibration: Sequence[str] | None = None,
) -> EncoderSpec:
    """Write `encoder/model.onnx` and `encoder/tokenizer.json` below `folder`.

    On one machine the same source gives the same bytes, so an encoder that is exported twice
    is stored once.

    Args:
        calibration: typical texts, to find the activations' outliers (int8 only); None for
            the sentences that come with cuebox.

    Raises:
        ConfigError: an unknown quantization or pooling.
        ModelError: onnx is not installed.
    """
    ranges = None
    if quantization == "int8":
        texts = calibration_sentences() if calibration is None else calibration
        ranges = measure_ranges(source, texts)
    model = build_graph(
        source.weights,
        pooling=source.pooling,
        normalize=source.normalize,
        quantization=quantization,
        ranges=ranges,
        filler=source.end_token,
    )
    model_path, tokenizer_path = folder / MODEL_FILE, folder / TOKENIZER_FILE
    model_path.parent.mkdir(parents=True, exist_ok=True)
    model_path.write_bytes(model.SerializeToString(deterministic=True))
    tokenizer_path.write_text(source.tokenizer_json, encoding="utf-8")
    return EncoderSpec(
        architecture=source.weights.architecture,
        dim=source.weights.dim,
        max_tokens=source.max_tokens,
        pooling=source.pooling,
        normalize=source.normalize,
        quantization=quantization,
        model=FileRef.of(model_path),
        tokenizer=FileRef.of(tokenizer_path),
    )
