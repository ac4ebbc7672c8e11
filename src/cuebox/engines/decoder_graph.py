"""A decoder as an OpenVINO graph, written node by node from its weights.

One call appends new tokens of any number of sequences, which attend to their keys and values
in paged blocks, and answers the logits of the tokens that are sampled from. Weights stay where
the file is mapped: no constant is copied, and quantised matrices are decompressed inside the
matrix products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.errors import ModelError
from cuebox.engines.graph_nodes import (
    PagedAttention,
    Value,
    constant,
    dequantised,
    floats,
    input_node,
    ints,
    product,
    split,
)
from cuebox.engines.openvino_runtime import ops, ov
from cuebox.engines.rotary import rotary_tables
from cuebox.engines.step_inputs import STEP_INPUTS

if TYPE_CHECKING:
    from openvino import Model

    from cuebox.core.decoder import DecoderSpec
    from cuebox.engines.decoder_weights import DecoderWeights, Matrix

__all__ = ["build_graph"]


def build_graph(spec: DecoderSpec, weights: DecoderWeights) -> Model:
    """An `openvino.Model` of one output, logits `[sample_rows, vocab]`.

    Its inputs are those of a step, then each layer's blocks of keys and of values. Its
    constants are views of `weights`, which must outlive the model that is compiled.

    Raises:
        ModelError: the sizes cannot be a decoder's, or a tensor is missing, superfluous, or of
            another type or shape.
    """
    if min(spec.layers, spec.kv_heads, spec.head_dim, spec.context) < 1:
        raise ModelError(
            f"{spec.layers} layers, {spec.kv_heads} kv_heads of {spec.head_dim}, a context of "
            f"{spec.context}: a decoder has at least one of each"
        )
    if spec.heads % spec.kv_heads or spec.head_dim % 2:
        raise ModelError(
            f"{spec.heads} heads of {spec.head_dim} cannot share {spec.kv_heads} heads of keys: "
            f"heads must be a multiple of kv_heads, and head_dim even"
        )
    graph = _Graph(spec, weights)
    logits = graph.logits()
    if weights.unread:
        raise ModelError(
            f"the weights hold {weights.unread[0]}, which a {spec.architecture} decoder of this "
            f"spec does not use: export the model again"
        )
    return ov.Model([ops.result(logits)], graph.inputs, spec.architecture)


class _Graph:
    """Nodes made so far; `x` is always float32 `[tokens, width]`."""

    def __init__(self, spec: DecoderSpec, weights: DecoderWeights) -> None:
        self._spec = spec
        self._weights = weights
        self._gated = spec.architecture == "llama"
        by_name = {
            name: input_node(name, [-1], ov.Type(dtype)) for name, dtype in STEP_INPUTS.items()
        }
        by_name["longest"] = input_node("longest", [], ov.Type.i32)
        self.inputs = list(by_name.values())
        self._tokens = by_name.pop("tokens")
        self._positions = by_name.pop("positions")
        self._sample_rows = by_name.pop("sample_rows")
        self._paged_attention = PagedAttention(spec.kv_heads, spec.head_dim, **by_name)
        self._rotations: list[Value] = []

    def logits(self) -> Value:
        """The whole model."""
        spec, weights = self._spec, self._weights
        embed = self._table("embed", spec.vocab, spec.hidden)
        x = ops.gather(dequantised(embed), self._tokens, ints(0))
        if self._gated:
            # Cosine and sine of each token's position, [tokens, 1, 1, head_dim].
            at = ops.unsqueeze(self._positions, ints([1, 2]))
            tables = rotary_tables(spec)
            self._rotations = [ops.gather(ops.constant(each), at, ints(0)) for each in tables]
        else:
            table = weights.table("positions", spec.context, spec.hidden)
            x = ops.add(x, ops.gather(constant(table), self._positions, ints(0)))
        for layer in range(spec.layers):
            name = f"layers.{layer}"
            x = ops.add(x, self._attention(name, self._norm(f"{name}.attention_norm", x)))
            x = ops.add(x, self._mlp(name, self._norm(f"{name}.mlp_norm", x)))
        x = self._norm("final_norm", ops.gather(x, self._sample_rows, ints(0)))
        # A second node over the same memory: shared, the table would be decompressed for both.
        output = embed if spec.tied else self._table("output", spec.vocab, spec.hidden)
        return product(x, output)

    def _attention(self, name: str, x: Value) -> Value:
        spec = self._spec
        queries, keys = spec.heads * spec.head_dim, spec.kv_heads * spec.head_dim
        qkv = self._linear(f"{name}.qkv", x, queries + 2 * keys, spec.hidden)
        if self._gated:
            # Queries and keys turn together, in one node.
            both, v = split(qkv, [queries + keys, keys])
            q, k = split(self._rotated(both, spec.heads + spec.kv_heads), [queries, keys])
        else:
            q, k, v = split(qkv, [queries, keys, keys])
        blocks = [
            input_node(f"{name}.{each}", [-1, -1, -1, -1], ov.Type.dynamic)
            for each in ("keys", "values")
        ]
        self.inputs += blocks
        attended = self._paged_attention(q, k, v, *blocks)
        return self._linear(f"{name}.attention_out", attended, spec.hidden, queries)

    def _rotated(self, x: Value, heads: int) -> Value:
        """`x` `[tokens, heads head_dim]` turned by its positions (rotate-half).

        Written the way that the plugin recognises, which makes one kernel of it.
        """
        head = self._spec.head_dim
        cosine, sine = self._rotations
        x = ops.reshape(x, ints([0, heads, 1, head]), special_zero=True)
        low, high = split(x, [head // 2, head // 2], axis=3)
        half = ops.concat([ops.multiply(high, floats(-1.0)), low], -1)
        turned = ops.add(ops.multiply(x, cosine), ops.multiply(half, sine))
        return ops.reshape(turned, ints([0, heads * head]), special_zero=True)

    def _mlp(self, name: str, x: Value) -> Value:
        spec = self._spec
        width = spec.inner * (2 if self._gated else 1)
        inner = self._linear(f"{name}.mlp_in", x, width, spec.hidden)
        if self._gated:
            gate, up = split(inner, [spec.inner, spec.inner])
            inner = ops.multiply(ops.swish(gate), up)
        else:
            inner = ops.gelu(inner, "tanh")
        return self._linear(f"{name}.mlp_out", inner, spec.hidden, spec.inner)

    def _norm(self, name: str, x: Value) -> Value:
        """LayerNorm, or RMSNorm for llama; over the last axis."""
        size, epsilon = self._spec.hidden, self._spec.norm_epsilon
        weight = constant(self._weights.vector(f"{name}.weight", size))
        if self._gated:
            mean = ops.reduce_mean(ops.power(x, floats(2.0)), ints(-1), keep_dims=True)
            root = ops.sqrt(ops.add(mean, floats(epsilon)))
            return ops.multiply(ops.multiply(x, ops.divide(floats(1.0), root)), weight)
        centred = ops.mvn(
            x, ints([-1]), normalize_variance=True, eps=epsilon, eps_mode="INSIDE_SQRT"
        )
        x = ops.multiply(centred, weight)
        return self._biased(name, x, size)

    def _linear(self, name: str, x: Value, rows: int, columns: int) -> Value:
        weight = f"{name}.weight"
        if self._spec.quantization == "int4":
            matrix = self._weights.int4(weight, rows, columns, self._spec.group)
        else:
            matrix = self._table(weight, rows, columns)
        return self._biased(name, product(x, matrix), rows)

    def _biased(self, name: str, x: Value, size: int) -> Value:
        """`x` plus the bias of `name`, where the model has one."""
        if f"{name}.bias" not in self._weights:
            return x
        return ops.add(x, constant(self._weights.vector(f"{name}.bias", size)))

    def _table(self, name: str, rows: int, columns: int) -> Matrix:
        """A matrix that is int8 in an int4 model too, as embedding and output are."""
        if self._spec.quantization == "float32":
            return self._weights.float32(name, rows, columns)
        return self._weights.int8(name, rows, columns)
