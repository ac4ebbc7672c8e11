"""A BERT-family checkpoint as plain arrays under one set of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.types import FloatArray

__all__ = ["ARCHITECTURES", "EncoderWeights", "LayerWeights", "Linear", "Norm", "read_weights"]


@dataclass(frozen=True, slots=True)
class Linear:
    """`x @ weight + bias`: weight `[in, out]`, bias `[out]`."""

    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True)
class Norm:
    """Scale and shift of a layer normalisation, both `[dim]`."""

    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One post-norm transformer layer; `qkv` is query, key and value side by side."""

    qkv: Linear
    attention_out: Linear
    attention_norm: Norm
    up: Linear
    down: Linear
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class EncoderWeights:
    """All that the graph is built from.

    Attributes:
        words: embedding table `[vocabulary, dim]`.
        positions: embeddings of positions 0, 1, ...; where the architecture has token types,
            that of type 0 is added in, since a single text has no other.
        activation: `gelu`, `gelu_tanh` or `relu`.
    """

    architecture: str
    words: FloatArray
    positions: FloatArray
    embedding_norm: Norm
    layers: list[LayerWeights]
    heads: int
    activation: str
    epsilon: float

    @property
    def dim(self) -> int:
        """Width of the token states and of the embedding."""
        return int(self.words.shape[1])


@dataclass(frozen=True, slots=True)
class _Names:
    """Where an architecture keeps its tensors; `{}` is the layer's number."""

    layer: str
    query: str
    key: str
    value: str
    attention_out: str
    attention_norm: str
    up: str
    down: str
    output_norm: str


_BERT = _Names(
    layer="encoder.layer.{}.",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    attention_out="attention.output.dense",
    attention_norm="attention.output.LayerNorm",
    up="intermediate.dense",
    down="output.dense",
    output_norm="output.LayerNorm",
)
_DISTILBERT = _Names(
    layer="transformer.layer.{}.",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    attention_out="attention.out_lin",
    attention_norm="sa_layer_norm",
    up="ffn.lin1",
    down="ffn.lin2",
    output_norm="output_layer_norm",
)
ARCHITECTURES = {
    "bert": _BERT,
    "camembert": _BERT,
    "distilbert": _DISTILBERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
}
# These count positions from `pad_token_id + 1`.
_OFFSET_POSITIONS = {"camembert", "roberta", "xlm-roberta"}

_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}


def read_weights(config: Mapping[str, Any], tensors: Mapping[str, FloatArray]) -> EncoderWeights:
    """Sort a checkpoint's tensors.

    Args:
        config: the model's `config.json`.
        tensors: its state dict; names may carry the prefix of a task model (`bert.`).

    Raises:
        ModelError: an architecture or variant that the graph builder does not know, or a
            tensor that is missing.
    """
    architecture = str(config.get("model_type", ""))
    if architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise ModelError(f"encoders of type {architecture!r} cannot be exported; known: {known}")
    _refuse_variants(config)
    reader = _Reader(tensors, ARCHITECTURES[architecture])
    count = _first(config, "num_hidden_layers", "n_layers")
    return EncoderWeights(
        architecture=architecture,
        words=reader.get("embeddings.word_embeddings.weight"),
        positions=_positions(reader, config, architecture),
        embedding_norm=reader.norm("embeddings.LayerNorm"),
        layers=[reader.layer(number) for number in range(count)],
        heads=_first(config, "num_attention_heads", "n_heads"),
        activation=_activation(config),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )


def _refuse_variants(config: Mapping[str, Any]) -> None:
    kind = config.get("position_embedding_type", "absolute")
    if kind not in (None, "absolute"):
        raise ModelError(f"position_embedding_type {kind!r} cannot be exported: only 'absolute'")
    if config.get("is_decoder"):
        raise ModelError("a decoder cannot be exported as an encoder (is_decoder is true)")
    if config.get("sinusoidal_pos_embds") and config.get("model_type") != "distilbert":
        raise ModelError("sinusoidal positions cannot be exported")


def _activation(config: Mapping[str, Any]) -> str:
    name = str(config.get("hidden_act", config.get("activation", "gelu")))
    if name not in _ACTIVATIONS:
        raise ModelError(f"activation {name!r} cannot be exported; known: {sorted(_ACTIVATIONS)}")
    return _ACTIVATIONS[name]


def _positions(reader: _Reader, config: Mapping[str, Any], architecture: str) -> FloatArray:
    table = reader.get("embeddings.position_embeddings.weight")
    if architecture in _OFFSET_POSITIONS:
        table = table[int(config.get("pad_token_id", 1)) + 1 :]
    if reader.has("embeddings.token_type_embeddings.weight"):
        table = table + reader.get("embeddings.token_type_embeddings.weight")[0]
    return table


def _first(config: Mapping[str, Any], *keys: str) -> int:
    for key in keys:
        if key in config:
            return int(config[key])
    raise ModelError(f"config.json has no {' or '.join(keys)}")


class _Reader:
    """Finds tensors by their name inside the encoder."""

    def __init__(self, tensors: Mapping[str, FloatArray], names: _Names) -> None:
        self._names = names
        marker = "embeddings.word_embeddings.weight"
        found = [name for name in tensors if name == marker or name.endswith("." + marker)]
        if len(found) != 1:
            raise ModelError(f"the checkpoint has {len(found)} tensors named {marker!r}, not one")
        self._prefix = found[0].removesuffix(marker)
        self._tensors = tensors

    def has(self, name: str) -> bool:
        return self._prefix + name in self._tensors

    def get(self, name: str) -> FloatArray:
        try:
            return np.asarray(self._tensors[self._prefix + name], dtype=np.float32)
        except KeyError:
            raise ModelError(f"the checkpoint has no tensor {self._prefix + name!r}") from None

    def linear(self, *names: str) -> Linear:
        weights = [self.get(f"{name}.weight").T for name in names]
        biases = [self.get(f"{name}.bias") for name in names]
        return Linear(np.concatenate(weights, axis=1), np.concatenate(biases))

    def norm(self, name: str) -> Norm:
        return Norm(self.get(f"{name}.weight"), self.get(f"{name}.bias"))

    def layer(self, number: int) -> LayerWeights:
        names, at = self._names, self._names.layer.format(number)
        return LayerWeights(
            qkv=self.linear(at + names.query, at + names.key, at + names.value),
            attention_out=self.linear(at + names.attention_out),
            attention_norm=self.norm(at + names.attention_norm),
            up=self.linear(at + names.up),
            down=self.linear(at + names.down),
            output_norm=self.norm(at + names.output_norm),
        )
