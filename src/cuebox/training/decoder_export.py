"""A decoder becomes the two files that are served: weights and tokenizer."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

import numpy as np

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE, DecoderSpec
from cuebox.core.errors import ConfigError, ModelError
from cuebox.core.file_ref import FileRef
from cuebox.training.decoder_file import TensorFile, TensorLayout
from cuebox.training.decoder_quantize import choose_group, quantize_int4, quantize_int8
from cuebox.training.decoder_shape import is_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cuebox.core.types import FloatArray
    from cuebox.training.decoder_shape import DecoderShape
    from cuebox.training.decoder_source import DecoderSource
    from cuebox.training.progress import Step

__all__ = ["Quantization", "export_decoder"]

Quantization = Literal["float32", "int8", "int4"]

_FLOAT32, _FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)
_INT8, _UINT8 = np.dtype(np.int8), np.dtype(np.uint8)
# Never int4: a row of the embedding is read alone, and the output decides every token.
_TABLES = frozenset({"embed", "output"})


def export_decoder(
    source: DecoderSource,
    folder: Path,
    *,
    quantization: Quantization = "int8",
    group: int = 0,
    step: Step | None = None,
) -> DecoderSpec:
    """Write `decoder/weights.safetensors` and `decoder/tokenizer.json` below `folder`.

    Tensors are read, quantised and written one by one: the memory it takes is that of the
    largest matrix, a few times over. The same source gives the same bytes.

    Args:
        group: columns that share a scale in int4; 0 for the most that the widths allow.
        step: told of every tensor that is written, `len(source.tensors)` in all.

    Raises:
        ConfigError: `group` does not divide the model's widths.
        ModelError: a tensor is damaged, or the model's widths do not allow int4.
    """
    shape = source.shape
    group = _group(shape, group) if quantization == "int4" else 0
    weights, tokenizer = folder / DECODER_WEIGHTS_FILE, folder / DECODER_TOKENIZER_FILE
    weights.parent.mkdir(parents=True, exist_ok=True)
    layouts = list(_layouts(shape, quantization, group))
    with TensorFile(weights, layouts) as file:
        for name, dimensions in shape.tensors().items():
            values = _finite(name, source.tensors[name])
            how = _stored_as(name, dimensions, quantization)
            if how == "float32":
                file.write(name, values)
            else:
                matrix = quantize_int8(values) if how == "int8" else quantize_int4(values, group)
                file.write(name, matrix.values)
                file.write(f"{name}.scale", matrix.scale)
            if step is not None:
                step(1)
    tokenizer.write_text(source.tokenizer_json, encoding="utf-8")
    facts = asdict(shape)
    del facts["attention_bias"], facts["mlp_bias"]
    return DecoderSpec(
        **facts | {"rope_scaling": shape.rope_scaling},
        quantization=quantization,
        group=group,
        bos=source.bos,
        ends=source.ends,
        weights=FileRef.of(weights),
        tokenizer=FileRef.of(tokenizer),
    )


def _group(shape: DecoderShape, wanted: int) -> int:
    widths = {
        dimensions[1]
        for name, dimensions in shape.tensors().items()
        if is_matrix(name, dimensions) and name not in _TABLES
    }
    if not wanted:
        return choose_group(widths)
    odd = [width for width in sorted(widths) if wanted < 2 or width % wanted]
    if odd:
        raise ConfigError(
            f"group is {wanted}: it must divide every matrix's columns, and one has {odd[0]}",
            param="group",
        )
    return wanted


def _layouts(shape: DecoderShape, quantization: Quantization, group: int) -> Iterator[TensorLayout]:
    for name, dimensions in shape.tensors().items():
        how = _stored_as(name, dimensions, quantization)
        if how == "float32":
            yield TensorLayout(name, _FLOAT32, dimensions)
            continue
        rows, columns = dimensions
        if how == "int8":
            yield TensorLayout(name, _INT8, dimensions)
            yield TensorLayout(f"{name}.scale", _FLOAT16, (rows, 1))
        else:
            yield TensorLayout(name, _UINT8, (rows, columns // 2))
            yield TensorLayout(f"{name}.scale", _FLOAT16, (rows, columns // group))


def _stored_as(name: str, shape: tuple[int, ...], quantization: Quantization) -> Quantization:
    if not is_matrix(name, shape):
        return "float32"
    return "int8" if quantization == "int4" and name in _TABLES else quantization


def _finite(name: str, values: FloatArray) -> FloatArray:
    # The sum is not finite when a value is not; sums of finite weights stay far from overflow.
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise ModelError(f"tensor {name!r} has values that are not finite")
    return values
