"""The ONNX graph of a BERT-family encoder, written node by node.

Tracing a checkpoint and hoping that a fusion pass recognises it depends on three libraries'
versions; here the graph is exactly the one that was measured:

- int8 matrix products quantise their input on the fly (`DynamicQuantizeMatMul`, `QAttention`:
  https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md), with one weight
  scale per output channel.
- Where ranges of the activations are known, outlier channels are divided down before they are
  quantised and the weights multiplied up (`smoothing`): a third of the error for one cheap
  `Mul`.
- Padding is read as the token that ends a text: its states cannot be seen, but those of a
  real `[PAD]` range so wide that they would coarsen the int8 of the whole batch.
- `Add` and `LayerNormalization` stay two nodes: the fused `SkipLayerNormalization` kernel
  takes several times as long on a CPU.
- Word embeddings are int8 with a scale per row, so the file is a quarter of its size.
- Pooling and normalisation are in the graph; a text's types and positions need no input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.encoder_weights import Linear
from cuebox.training.quantize import quantize_columns, quantize_rows, smoothing_factors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray
    from cuebox.training.encoder_weights import EncoderWeights, LayerWeights, Norm

__all__ = ["POOLINGS", "QUANTIZATIONS", "build_graph"]

POOLINGS = ("mean", "cls")
QUANTIZATIONS = ("int8", "float32")

_MICROSOFT = "com.microsoft"
_OPSET = 20
_IR_VERSION = 9


def build_graph(
    weights: EncoderWeights,
    *,
    pooling: str,
    normalize: bool,
    quantization: str,
    ranges: Mapping[str, FloatArray] | None = None,
    filler: int = 0,
) -> onnx.ModelProto:
    """The served graph: `input_ids`, `attention_mask` int64 `[rows, tokens]` to `embedding`.

    Args:
        ranges: activation name to the largest absolute value of each channel; activations
            that are in it are smoothed before they are quantised.
        filler: the token id that padding is read as (int8 only).

    Raises:
        ConfigError: an unknown pooling or quantization.
        ModelError: onnx is not installed.
    """
    if pooling not in POOLINGS:
        raise ConfigError(f"pooling {pooling!r}: use {' or '.join(POOLINGS)}", param="pooling")
    if quantization not in QUANTIZATIONS:
        raise ConfigError(
            f"quantization {quantization!r}: use {' or '.join(QUANTIZATIONS)}",
            param="quantization",
        )
    int8 = quantization == "int8"
    graph = _GraphBuilder(int8=int8, epsilon=weights.epsilon, ranges=ranges or {})
    ids = graph.fill_padding(filler) if int8 else "input_ids"
    states = _embed(graph, weights, ids)
    for number, layer in enumerate(weights.layers):
        states = _layer(graph, f"layer{number}", layer, states, weights)
    _pool(graph, states, pooling, normalize=normalize)
    return graph.model(weights.dim)


def _embed(graph: _GraphBuilder, weights: EncoderWeights, ids: str) -> str:
    graph.node("Cast", ["attention_mask"], "mask", to=graph.types.INT32)
    words = graph.lookup("words", weights.words, ids)
    zero, end = graph.constant("zero", np.array([0], np.int64)), "token_count"
    graph.node("Shape", ["input_ids"], end, start=1, end=2)
    table = graph.constant("positions", weights.positions)
    positions = graph.node("Slice", [table, zero, end, zero], "position_states")
    return graph.add_and_norm("embedding_norm", [words, positions], weights.embedding_norm)


def _layer(
    graph: _GraphBuilder, at: str, layer: LayerWeights, states: str, weights: EncoderWeights
) -> str:
    context = graph.attention(f"{at}.attention", states, layer.qkv, weights.heads)
    attended = graph.linear(f"{at}.attention_out", context, layer.attention_out)
    states = graph.add_and_norm(f"{at}.attention_norm", [attended, states], layer.attention_norm)
    up = graph.linear(f"{at}.up", states, layer.up)
    active = graph.activation(f"{at}.activation", up, weights.activation)
    down = graph.linear(f"{at}.down", active, layer.down)
    return graph.add_and_norm(f"{at}.output_norm", [down, states], layer.output_norm)


def _pool(graph: _GraphBuilder, states: str, pooling: str, *, normalize: bool) -> None:
    one = graph.constant("one", np.array([1], np.int64))
    if pooling == "cls":
        first = graph.constant("first", np.array(0, np.int64))
        pooled = graph.node("Gather", [states, first], "pooled", axis=1)
    else:
        floats = graph.node("Cast", ["attention_mask"], "mask_floats", to=graph.types.FLOAT)
        row = graph.node("Unsqueeze", [floats, one], "mask_rows")
        summed = graph.node("Squeeze", [graph.node("MatMul", [row, states], "sums"), one], "sum")
        count = graph.node("ReduceSum", [floats, one], "mask_count", keepdims=1)
        pooled = graph.node("Div", [summed, count], "pooled")
    if normalize:
        graph.node("LpNormalization", [pooled], "embedding", axis=-1, p=2)
    else:
        graph.node("Identity", [pooled], "embedding")


class _GraphBuilder:
    """Collects nodes and constants; each method returns the name of its output."""

    def __init__(self, *, int8: bool, epsilon: float, ranges: Mapping[str, FloatArray]) -> None:
        try:
            import onnx
        except ImportError as error:
            raise ModelError(
                "exporting an encoder needs the package onnx: pip install 'cuebox[train]'"
            ) from error
        self._onnx = onnx
        self.types = onnx.TensorProto
        self._int8 = int8
        self._epsilon = epsilon
        self._ranges = ranges
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        *outputs: str,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401 - whatever the operator takes
    ) -> str:
        self._nodes.append(
            self._onnx.helper.make_node(op, inputs, outputs, domain=domain, **attributes)
        )
        return outputs[0]

    def constant(self, name: str, value: NDArray[Any]) -> str:
        array = np.ascontiguousarray(value) if value.ndim else value
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def fill_padding(self, filler: int) -> str:
        """`input_ids` with `filler` wherever the mask is 0."""
        real = self.node("Cast", ["attention_mask"], "real_tokens", to=self.types.BOOL)
        fill = self.constant("filler", np.array(filler, np.int64))
        return self.node("Where", [real, "input_ids", fill], "filled_ids")

    def lookup(self, name: str, table: NDArray[np.float32], ids: str) -> str:
        """Rows of an embedding table."""
        if not self._int8:
            return self.node("Gather", [self.constant(name, table), ids], f"{name}.rows")
        quantized = quantize_rows(table)
        values = self.constant(f"{name}.values", quantized.values)
        scales = self.constant(f"{name}.scales", quantized.scales)
        rows = self.node("Gather", [values, ids], f"{name}.int8")
        floats = self.node("Cast", [rows], f"{name}.floats", to=self.types.FLOAT)
        row_scales = self.node("Gather", [scales, ids], f"{name}.row_scales")
        return self.node("Mul", [floats, row_scales], f"{name}.rows")

    def linear(self, name: str, states: str, linear: Linear) -> str:
        bias = self.constant(f"{name}.bias", linear.bias)
        if not self._int8:
            weight = self.constant(f"{name}.weight", linear.weight)
            product = self.node("MatMul", [states, weight], f"{name}.product")
            return self.node("Add", [product, bias], name)
        states, linear = self._smooth(name, states, linear)
        weight, scales, zeros = self._int8_weight(name, linear)
        inputs = [states, weight, scales, zeros, bias]
        return self.node("DynamicQuantizeMatMul", inputs, name, domain=_MICROSOFT)

    def attention(self, name: str, states: str, qkv: Linear, heads: int) -> str:
        bias = self.constant(f"{name}.bias", qkv.bias)
        if not self._int8:
            weight = self.constant(f"{name}.weight", qkv.weight)
            inputs = [states, weight, bias, "mask"]
            return self.node("Attention", inputs, name, domain=_MICROSOFT, num_heads=heads)
        states, qkv = self._smooth(name, states, qkv)
        weight, scales, zeros = self._int8_weight(name, qkv)
        values, scale, zero = f"{name}.int8", f"{name}.scale", f"{name}.zero"
        self.node("DynamicQuantizeLinear", [states], values, scale, zero)
        inputs = [values, weight, bias, scale, scales, "mask", zero, zeros]
        return self.node("QAttention", inputs, name, domain=_MICROSOFT, num_heads=heads)

    def _smooth(self, name: str, states: str, linear: Linear) -> tuple[str, Linear]:
        """Divide the channels of `states` by factors and multiply the weight's rows by them."""
        if states not in self._ranges:
            return states, linear
        factors = smoothing_factors(self._ranges[states], linear.weight)
        inverse = self.constant(f"{name}.smoothing", 1 / factors)
        smooth = self.node("Mul", [states, inverse], f"{name}.smooth")
        return smooth, Linear(linear.weight * factors[:, None], linear.bias)

    def _int8_weight(self, name: str, linear: Linear) -> tuple[str, str, str]:
        quantized = quantize_columns(linear.weight)
        scales = quantized.scales[0]
        return (
            self.constant(f"{name}.weight", quantized.values),
            self.constant(f"{name}.scales", scales),
            self.constant(f"{name}.zeros", np.zeros(scales.shape, np.int8)),
        )

    def activation(self, name: str, states: str, activation: str) -> str:
        if activation == "relu":
            return self.node("Relu", [states], name)
        approximate = "tanh" if activation == "gelu_tanh" else "none"
        return self.node("Gelu", [states], name, approximate=approximate)

    def add_and_norm(self, name: str, terms: Sequence[str], norm: Norm) -> str:
        total = self.node("Add", terms, f"{name}.sum")
        inputs = [
            total,
            self.constant(f"{name}.weight", norm.weight),
            self.constant(f"{name}.bias", norm.bias),
        ]
        return self.node("LayerNormalization", inputs, name, axis=-1, epsilon=self._epsilon)

    def model(self, dim: int) -> onnx.ModelProto:
        helper, types = self._onnx.helper, self.types
        inputs = [
            helper.make_tensor_value_info(name, types.INT64, ["rows", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", types.FLOAT, ["rows", dim])
        graph = helper.make_graph(self._nodes, "encoder", inputs, [output], self._constants)
        imports = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(
            graph, opset_imports=imports, ir_version=_IR_VERSION, producer_name="cuebox"
        )
