"""A checkpoint becomes a served encoder: one portable ONNX file and its tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_file
from cuebox.core.manifest import EncoderSpec, FileRef
from cuebox.training.encoder_graph import build_graph

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.training.encoder_source import EncoderSource

__all__ = ["MODEL_FILE", "TOKENIZER_FILE", "export_encoder"]

MODEL_FILE = "encoder/model.onnx"
TOKENIZER_FILE = "encoder/tokenizer.json"


def export_encoder(
    source: EncoderSource, folder: Path, *, quantization: str = "int8"
) -> EncoderSpec:
    """Write `encoder/model.onnx` and `encoder/tokenizer.json` below `folder`.

    The same source gives the same bytes, so an encoder that is exported twice is stored once.

    Raises:
        ConfigError: an unknown quantization or pooling.
        ModelError: onnx is not installed.
    """
    model = build_graph(
        source.weights,
        pooling=source.pooling,
        normalize=source.normalize,
        quantization=quantization,
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
        model=_reference(model_path),
        tokenizer=_reference(tokenizer_path),
    )


def _reference(path: Path) -> FileRef:
    return FileRef(sha256_file(path), path.stat().st_size)
