"""Where outliers make int8 coarse: activation ranges, and scales that move them into weights.

One scale serves all channels of an activation, so a channel that is fifteen times as wide as
the others takes their resolution. Dividing each channel by a factor and multiplying the
weight's row by it changes nothing in exact arithmetic, and evens them out
(Xiao et al., SmoothQuant, 2023, https://arxiv.org/abs/2211.10438).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.training.encoder_graph import build_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import onnx

    from cuebox.core.types import FloatArray
    from cuebox.training.encoder_source import EncoderSource

__all__ = ["measure_ranges"]

_JOINED = 8


def measure_ranges(source: EncoderSource, texts: Sequence[str]) -> Mapping[str, FloatArray]:
    """The largest absolute value of every channel that a matrix product reads.

    Args:
        texts: read one by one, and again joined by eights, since long texts range wider.

    Returns:
        Name of the activation in the graph to `[channels]`.
    """
    import onnxruntime as ort

    graph = build_graph(source.weights, pooling="mean", normalize=False, quantization="float32")
    names = _expose_activations(graph, len(source.weights.layers))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ranges: dict[str, FloatArray] = {}
    for ids in _token_rows(source, texts):
        outputs = session.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, output in zip(names, outputs, strict=True):
            widest = np.abs(output[0]).max(axis=0)
            ranges[name] = np.maximum(ranges.get(name, widest), widest)
    return ranges


def _expose_activations(graph: onnx.ModelProto, layers: int) -> list[str]:
    from onnx import TensorProto, helper

    names = ["embedding_norm"]
    for number in range(layers):
        names += [f"layer{number}.{part}" for part in ("attention_norm", "activation")]
        names.append(f"layer{number}.output_norm")
    graph.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    return names


def _token_rows(
    source: EncoderSource, texts: Sequence[str]
) -> Iterator[np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_str(source.tokenizer_json)
    joined = [" ".join(texts[at : at + _JOINED]) for at in range(0, len(texts), _JOINED)]
    for text in [*texts, *joined]:
        yield np.array([tokenizer.encode(text).ids[: source.max_tokens]], dtype=np.int64)
