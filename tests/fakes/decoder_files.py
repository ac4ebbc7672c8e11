"""Random language models of a few kilobytes, written as the files that a version holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import tokenizers
from safetensors.numpy import save_file
from tokenizers import decoders, models, pre_tokenizers, trainers

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE, DecoderSpec
from cuebox.core.file_ref import FileRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cuebox.core.decoder import RopeScaling
    from cuebox.core.types import FloatArray

__all__ = ["SPECIAL_TOKENS", "tiny_decoder", "tiny_tokenizer"]

Architecture = Literal["gpt2", "llama"]
Quantization = Literal["float32", "int8", "int4"]

SPECIAL_TOKENS = ["<|endoftext|>", "<|user|>", "<|agent|>", "<|end|>"]
"""Ids 0 to 3 of the tiny tokenizer."""

_SENTENCES = [
    "I would like to cancel my order, please.",
    "Could you tell me where the station is? It is near the river.",
    "Thank you very much for your help with the booking.",
    "The captain looked at the sea and said nothing for a while.",
]


def tiny_decoder(
    folder: Path,
    *,
    architecture: Architecture = "llama",
    quantization: Quantization = "int8",
    vocab: int = 320,
    hidden: int = 64,
    layers: int = 2,
    heads: int = 4,
    kv_heads: int = 2,
    inner: int = 128,
    context: int = 128,
    group: int = 32,
    tied: bool = True,
    rope_scaling: RopeScaling | None = None,
    seed: int = 0,
) -> tuple[DecoderSpec, Path, Path]:
    """Write weights and tokenizer into `folder`; the spec, and the paths of both files.

    `kv_heads` is for `llama` (a `gpt2` has as many as `heads`), `group` for `int4`. Equal
    arguments give equal files.
    """
    kv_heads = kv_heads if architecture == "llama" else heads
    weights, tokenizer = folder / DECODER_WEIGHTS_FILE, folder / DECODER_TOKENIZER_FILE
    weights.parent.mkdir(parents=True, exist_ok=True)
    tiny_tokenizer(vocab).save(str(tokenizer))
    facts: dict[str, Any] = {
        "architecture": architecture,
        "vocab": vocab,
        "hidden": hidden,
        "layers": layers,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": hidden // heads,
        "inner": inner,
        "context": context,
        "norm_epsilon": 1e-5,
        "rope_scaling": rope_scaling,
        "tied": tied,
        "quantization": quantization,
        "group": group if quantization == "int4" else 0,
        "bos": 0,
        "ends": [0, 3],
    }
    absent = FileRef(sha256="0" * 64, size=0)
    draft = DecoderSpec(**facts, weights=absent, tokenizer=absent)
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for name, values in _tensors(draft, np.random.default_rng(seed)):
        tensors |= _stored(name, values, draft)
    save_file(tensors, str(weights))
    return (
        DecoderSpec(**facts, weights=FileRef.of(weights), tokenizer=FileRef.of(tokenizer)),
        weights,
        tokenizer,
    )


def tiny_tokenizer(vocab: int = 320) -> tokenizers.Tokenizer:
    """Byte-level BPE: the special tokens, the 256 bytes, and merges of a few sentences."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(_SENTENCES, trainer)
    return made


def _tensors(spec: DecoderSpec, rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    """Every tensor of the architecture by its canonical name, before quantisation."""
    gated = spec.architecture == "llama"
    attention = spec.heads * spec.head_dim
    qkv = attention + 2 * spec.kv_heads * spec.head_dim
    yield "embed", _normal(rng, spec.vocab, spec.hidden)
    if not gated:
        yield "positions", _normal(rng, spec.context, spec.hidden)
    for layer in range(spec.layers):
        for norm in ("attention_norm", "mlp_norm"):
            yield from _norm(f"layers.{layer}.{norm}", spec, rng)
        for name, rows, columns in (
            ("qkv", qkv, spec.hidden),
            ("attention_out", spec.hidden, attention),
            ("mlp_in", spec.inner * (2 if gated else 1), spec.hidden),
            ("mlp_out", spec.hidden, spec.inner),
        ):
            yield f"layers.{layer}.{name}.weight", _normal(rng, rows, columns)
            if not gated:
                yield f"layers.{layer}.{name}.bias", _normal(rng, rows)
    yield from _norm("final_norm", spec, rng)
    if not spec.tied:
        yield "output", _normal(rng, spec.vocab, spec.hidden)


def _norm(
    name: str, spec: DecoderSpec, rng: np.random.Generator
) -> Iterator[tuple[str, FloatArray]]:
    yield f"{name}.weight", 1 + _normal(rng, spec.hidden)
    if spec.architecture == "gpt2":
        yield f"{name}.bias", _normal(rng, spec.hidden)


def _normal(rng: np.random.Generator, *shape: int) -> FloatArray:
    """Values for which a tiny model's attention and logits vary as a real one's do."""
    scale = 1.5 / np.sqrt(shape[-1]) if len(shape) == 2 else 0.1
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def _stored(name: str, values: FloatArray, spec: DecoderSpec) -> dict[str, np.ndarray[Any, Any]]:
    """The tensor as the file holds it: itself, or quantised values and their scales."""
    if spec.quantization == "float32" or values.ndim == 1 or name == "positions":
        return {name: values}
    if spec.quantization == "int8" or name in {"embed", "output"}:
        quantised, scale = _quantised(values, values.shape[1], 127)
        return {name: quantised, f"{name}.scale": scale}
    quantised, scale = _quantised(values, spec.group, 7)
    nibbles = quantised.view(np.uint8) & 0xF
    return {name: nibbles[:, 0::2] | nibbles[:, 1::2] << 4, f"{name}.scale": scale}


def _quantised(
    values: FloatArray, group: int, largest: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Symmetric int8 `[out, in]` within `largest`, and float16 scales `[out, in / group]`."""
    rows, columns = values.shape
    grouped = values.reshape(rows, columns // group, group)
    scale = (np.abs(grouped).max(axis=2) / largest).astype(np.float16)
    quantised = np.round(grouped / scale[:, :, None].astype(np.float32))
    return quantised.clip(-largest, largest).astype(np.int8).reshape(rows, columns), scale
