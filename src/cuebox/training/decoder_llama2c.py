"""Models of llama2.c: the legacy `.bin` format, float32 without any names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_llama2c_tokenizer import BOS, EOS, read_llama2c_tokenizer
from cuebox.training.decoder_shape import DecoderShape
from cuebox.training.decoder_tensors import LazyTensors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cuebox.core.types import FloatArray

__all__ = ["Llama2cModel", "open_llama2c"]

# Seven int32: dim, hidden, layers, heads, kv heads, vocabulary (negative: the output has a
# matrix of its own), context.
_HEADER = np.dtype("<i4")
_HEADER_VALUES = 7
_NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Llama2cModel:
    """A model file and its tokenizer in cuebox's own terms."""

    shape: DecoderShape
    tensors: LazyTensors
    tokenizer_json: str
    bos: int
    ends: list[int]


def open_llama2c(path: Path, tokenizer: Path | None = None) -> Llama2cModel:
    """Read the header and the tokenizer; weights stay in the mapped file.

    Args:
        tokenizer: its `.bin` file; None for the one called `tok*.bin` beside the model.

    Raises:
        ConfigError: a file is not there.
        ModelError: a file is not what its name says.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no such file", param="source")
    shape = _read_header(path)
    tokenizer_json = read_llama2c_tokenizer(tokenizer or _beside(path), shape.vocab)
    return Llama2cModel(shape, _tensors(path, shape), tokenizer_json, BOS, [BOS, EOS])


def _beside(path: Path) -> Path:
    found = sorted(path.parent.glob("tok*.bin"))
    if len(found) != 1:
        raise ConfigError(
            f"{path.parent} has {len(found)} files called tok*.bin: name the model's tokenizer",
            param="tokenizer",
        )
    return found[0]


def _read_header(path: Path) -> DecoderShape:
    header = np.fromfile(path, _HEADER, _HEADER_VALUES).tolist()
    if len(header) < _HEADER_VALUES or min(header[:5]) < 1 or not header[5] or header[6] < 1:
        raise ModelError(f"{path} is not a llama2.c model in the legacy format: header {header}")
    dim, hidden, layers, heads, kv_heads, vocab, context = header
    if dim % (2 * heads) or heads % kv_heads:
        raise ModelError(f"{path}: {heads} heads and {kv_heads} kv heads do not fit dim {dim}")
    return DecoderShape(
        architecture="llama",
        vocab=abs(vocab),
        hidden=dim,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=dim // heads,
        inner=hidden,
        context=context,
        norm_epsilon=_NORM_EPSILON,
        tied=vocab > 0,
        attention_bias=False,
        mlp_bias=False,
    )


def _tensors(path: Path, shape: DecoderShape) -> LazyTensors:
    """Canonical names to pieces of the file."""
    parts = _parts(path, shape)
    readers: dict[str, Callable[[], FloatArray]] = {
        "embed": partial(_joined, [parts["embed"]]),
        "final_norm.weight": partial(_joined, [parts["final_norm"]]),
    }
    if not shape.tied:
        readers["output"] = partial(_joined, [parts["output"]])
    for layer in range(shape.layers):
        at = f"layers.{layer}."
        for name, pieces in _LAYER_PIECES.items():
            arrays = [parts[piece][layer] for piece in pieces]
            heads = (shape.heads, shape.kv_heads) if name == "qkv" else ()
            readers[f"{at}{name}.weight"] = partial(_joined, arrays, heads)
    return LazyTensors({name: readers[name] for name in shape.tensors()})


# What is joined, one below the other, for each canonical tensor of a layer.
_LAYER_PIECES = {
    "attention_norm": ("attention_norm",),
    "qkv": ("query", "key", "value"),
    "attention_out": ("attention_out",),
    "mlp_norm": ("mlp_norm",),
    "mlp_in": ("gate", "up"),
    "mlp_out": ("down",),
}


def _parts(path: Path, shape: DecoderShape) -> dict[str, FloatArray]:
    """The file's arrays in its own order, mapped."""
    layers, dim, inner = shape.layers, shape.hidden, shape.inner
    keys, half = shape.kv_heads * shape.head_dim, shape.head_dim // 2
    layout: list[tuple[str, tuple[int, ...]]] = [
        ("embed", (shape.vocab, dim)),
        ("attention_norm", (layers, dim)),
        ("query", (layers, dim, dim)),
        ("key", (layers, keys, dim)),
        ("value", (layers, keys, dim)),
        ("attention_out", (layers, dim, dim)),
        ("mlp_norm", (layers, dim)),
        ("gate", (layers, inner, dim)),
        ("down", (layers, dim, inner)),
        ("up", (layers, inner, dim)),
        ("final_norm", (dim,)),
        # Tables of rotary angles, which follow from the shape.
        ("cosines", (shape.context, half)),
        ("sines", (shape.context, half)),
    ]
    if not shape.tied:
        layout.append(("output", (shape.vocab, dim)))
    expected = 4 * (_HEADER_VALUES + sum(math.prod(sizes) for _, sizes in layout))
    size = path.stat().st_size
    if size != expected:
        raise ModelError(f"{path} has {size} bytes; its header asks for {expected}")
    parts: dict[str, FloatArray] = {}
    values = np.memmap(path, np.float32, "r", offset=4 * _HEADER_VALUES)
    at = 0
    for name, sizes in layout:
        count = math.prod(sizes)
        parts[name] = values[at : at + count].reshape(sizes)
        at += count
    return parts


def _joined(arrays: list[FloatArray], heads: tuple[int, ...] = ()) -> FloatArray:
    """Pieces one below the other; as many of the first as `heads` says, reordered for rotation."""
    pieces = list(arrays)
    for place, count in enumerate(heads):
        pieces[place] = _halves(pieces[place], count)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _halves(matrix: FloatArray, heads: int) -> FloatArray:
    """llama2.c turns neighbouring values of a head together, cuebox values half a head apart."""
    rows, columns = matrix.shape
    pairs = matrix.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.transpose(0, 2, 1, 3).reshape(rows, columns)
