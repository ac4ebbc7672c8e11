"""Pieces that a decoder's OpenVINO graph is written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.engines.openvino_runtime import ops, ov

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from openvino import Type

    from cuebox.engines.decoder_weights import Matrix

__all__ = [
    "PagedAttention",
    "Value",
    "constant",
    "dequantised",
    "floats",
    "input_node",
    "ints",
    "product",
    "split",
]

Value = Any
"""What a node answers: a node with one output, or one output of a node."""


class PagedAttention:
    """Makes the attention nodes of all layers.

    Args:
        heads: of queries; `kv_heads` of keys and values.
        head_dim: width of each.
        past, begins, blocks, block_begins, longest: the inputs of that name.
    """

    def __init__(
        self,
        kv_heads: int,
        head_dim: int,
        *,
        past: Value,
        begins: Value,
        blocks: Value,
        block_begins: Value,
        longest: Value,
    ) -> None:
        self._facts = {
            "num_k_heads": kv_heads,
            "num_v_heads": kv_heads,
            "k_head_size": head_dim,
            "v_head_size": head_dim,
        }
        scale, window, slopes = floats(head_dim**-0.5), _int32(0), floats([])
        sequences = (past, begins, blocks, block_begins)
        self._rest = [*sequences, scale, window, slopes, longest, *_unused_features()]

    def __call__(self, q: Value, k: Value, v: Value, keys: Value, values: Value) -> Value:
        """Append `k` and `v` to the blocks `keys` and `values`, and let `q` attend to them.

        Args:
            q: `[tokens, heads head_dim]`; `k` and `v` `[tokens, kv_heads head_dim]`.
            keys, values: inputs `[blocks, kv_heads, block_size, head_dim]`.
        """
        arguments = [_output(each) for each in (q, k, v, keys, values, *self._rest)]
        # OpenVINO's own converters make this node as well; Python has no public name for it.
        node = ov.op._PagedAttentionExtension(arguments)
        about = node.get_rt_info()
        for name, value in self._facts.items():
            about[name] = value
        return node.output(0)


def _unused_features() -> list[Value]:
    """Inputs of paged attention after the mandatory ones, each saying "not used"."""
    none, nothing = _int32([]), floats([])
    score_window, rotated_blocks, rotation_deltas, rotation_table = none, none, none, nothing
    sparse_threshold, sparse_block, sparse_stride = nothing, _int32(64), _int32(8)
    sinks, diversity_start, diversity_size = nothing, _int32(0), none
    diversity_blocks, diversity_begins, token_types = none, none, none
    bias, bias_begins = ops.constant(np.array([], np.uint8)), none
    return [
        *(score_window, rotated_blocks, rotation_deltas, rotation_table),
        *(sparse_threshold, sparse_block, sparse_stride, sinks),
        *(diversity_start, diversity_size, diversity_blocks, diversity_begins),
        *(token_types, bias, bias_begins),
    ]


def dequantised(matrix: Matrix) -> Value:
    """The matrix in float32, written in the form that the plugin keeps compressed."""
    rows, columns = matrix.rows, matrix.columns
    if matrix.scale is None:
        return constant(matrix.values)
    if matrix.values.dtype == np.int8:
        values = ops.convert(constant(matrix.values), "f16")
        return ops.convert(ops.multiply(values, constant(matrix.scale)), "f32")
    groups = matrix.scale.shape[1]
    shape = ov.Shape([rows, groups, columns // groups])
    packed = ops.constant(ov.Tensor(matrix.values, shape, ov.Type.i4), shared_memory=True)
    scale = constant(matrix.scale.reshape(rows, groups, 1))
    values = ops.multiply(ops.convert(packed, "f16"), scale)
    return ops.convert(ops.reshape(values, ints([rows, columns]), special_zero=False), "f32")


def product(x: Value, matrix: Matrix) -> Value:
    """`x` `[tokens, columns]` times the matrix transposed, `[tokens, rows]`."""
    return ops.matmul(x, dequantised(matrix), transpose_a=False, transpose_b=True)


def input_node(name: str, shape: Sequence[int], type_: Type) -> Value:
    """An input of the graph; -1 is a side of any size."""
    node = ov.op.Parameter(type_, ov.PartialShape(list(shape)))
    node.friendly_name = name
    node.output(0).set_names({name})
    return node


def split(x: Value, sizes: Sequence[int], axis: int = 1) -> list[Value]:
    """Parts of `x` along an axis."""
    parts: list[Value] = ops.variadic_split(x, ints(axis), ints(sizes)).outputs()
    return parts


def constant(values: NDArray[Any]) -> Value:
    """A constant that is a view of the array's memory, which must outlive the model."""
    return ops.constant(values, shared_memory=True)


def ints(values: int | Sequence[int]) -> Value:
    """An int64 constant, as axes and shapes are."""
    return ops.constant(np.array(values, np.int64))


def floats(values: float | Sequence[float]) -> Value:
    """A float32 constant."""
    return ops.constant(np.array(values, np.float32))


def _int32(values: int | Sequence[int]) -> Value:
    return ops.constant(np.array(values, np.int32))


def _output(value: Value) -> Value:
    return value if isinstance(value, ov.Output) else value.output(0)
