"""A decoder-only language model as it is published: its shape, its files, its quantisation.

Tensors of `decoder/weights.safetensors`, canonical names for both architectures (`{i}` is the
layer, `[out, in]` is the shape of every matrix):

    embed                        [vocab, hidden]
    positions                    [context, hidden]                 gpt2 only
    layers.{i}.attention_norm.weight / .bias                       [hidden]
    layers.{i}.qkv.weight / .bias   [(heads + 2 kv_heads) head_dim, hidden], rows q, k, v
    layers.{i}.attention_out.weight / .bias    [hidden, heads head_dim]
    layers.{i}.mlp_norm.weight / .bias                             [hidden]
    layers.{i}.mlp_in.weight / .bias           [inner, hidden]; llama: [2 inner, hidden], gate, up
    layers.{i}.mlp_out.weight / .bias          [hidden, inner]
    final_norm.weight / .bias                                      [hidden]
    output                       [vocab, hidden]                   absent where tied

Biases are there where the model has them. Norms, biases and positions are float32. A matrix is

    float32     `name`                          float32 [out, in]
    int8        `name`                          int8 [out, in], symmetric
                `name.scale`                    float16 [out, 1]
    int4        `name`                          uint8 [out, in / 2], two values in -8..7 a byte as
                                                two's complement, the even column in the low nibble
                `name.scale`                    float16 [out, in / group]

`embed` and `output` stay int8 in an int4 model.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cuebox.core.digests import sha256_data
from cuebox.core.file_ref import FileRef

__all__ = ["DECODER_TOKENIZER_FILE", "DECODER_WEIGHTS_FILE", "DecoderSpec", "RopeScaling"]

DECODER_WEIGHTS_FILE = "decoder/weights.safetensors"
DECODER_TOKENIZER_FILE = "decoder/tokenizer.json"


class RopeScaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Llama 3's stretching of the rotary frequencies (`rope_type: llama3`)."""

    factor: float
    low_freq_factor: float
    high_freq_factor: float
    original_context: int


class DecoderSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that decides what a decoder answers.

    Attributes:
        architecture: `gpt2` (learned positions, LayerNorm, GELU tanh, biases) or `llama`
            (rotary positions, RMSNorm, SiLU-gated MLP).
        vocab: rows of the embedding.
        context: most tokens the model can attend to, prompt and answer together.
        inner: width of the MLP between its two matrices.
        group: columns that share a scale in an int4 matrix; 0 otherwise.
        bos: token before a text that begins a document; None where the model has none.
        ends: tokens that end a text; never shown.
        weights, tokenizer: the two files.
    """

    architecture: Literal["gpt2", "llama"]
    vocab: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    context: int
    norm_epsilon: float
    rope_theta: float = 10_000.0
    rope_scaling: RopeScaling | None = None
    tied: bool
    quantization: Literal["float32", "int8", "int4"]
    group: int = 0
    bos: int | None
    ends: list[int]
    weights: FileRef
    tokenizer: FileRef

    @property
    def digest(self) -> str:
        """Identity of the session and of its cached prefixes: equal specs share both."""
        return sha256_data(self)
