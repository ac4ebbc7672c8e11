"""Random checkpoints of a few kilobytes in the layout of transformers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save_file

from tests.fakes.decoder_files import tiny_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cuebox.core.types import FloatArray

__all__ = ["GPT2", "LLAMA", "write_checkpoint"]

GPT2: dict[str, Any] = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "vocab_size": 320,
    "n_embd": 64,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 96,
    "activation_function": "gelu_new",
    "bos_token_id": 0,
    "eos_token_id": 0,
}
LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 96,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def write_checkpoint(folder: Path, config: dict[str, Any], *, seed: int = 0) -> dict[str, Any]:
    """Write `config.json`, `model.safetensors` and `tokenizer.json`; returns the tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    rng = np.random.default_rng(seed)
    make = _gpt2 if config["model_type"] == "gpt2" else _llama
    tensors = dict(make(config, rng))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    tiny_tokenizer(config["vocab_size"]).save(str(folder / "tokenizer.json"))
    return tensors


def _gpt2(config: dict[str, Any], rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    hidden, inner = config["n_embd"], config.get("n_inner") or 4 * config["n_embd"]
    yield "transformer.wte.weight", _normal(rng, config["vocab_size"], hidden)
    yield "transformer.wpe.weight", _normal(rng, config["n_positions"], hidden)
    for layer in range(config["n_layer"]):
        at = f"transformer.h.{layer}."
        yield from _norm(f"{at}ln_1", hidden, rng)
        yield from _norm(f"{at}ln_2", hidden, rng)
        for name, inputs, outputs in (
            ("attn.c_attn", hidden, 3 * hidden),
            ("attn.c_proj", hidden, hidden),
            ("mlp.c_fc", hidden, inner),
            ("mlp.c_proj", inner, hidden),
        ):
            yield f"{at}{name}.weight", _normal(rng, outputs, inputs).T.copy()
            yield f"{at}{name}.bias", _normal(rng, outputs)
    yield from _norm("transformer.ln_f", hidden, rng)
    if not config.get("tie_word_embeddings", True):
        yield "lm_head.weight", _normal(rng, config["vocab_size"], hidden)


def _llama(config: dict[str, Any], rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    size = config.get("head_dim") or hidden // heads
    kept = config.get("num_key_value_heads", heads)
    yield "model.embed_tokens.weight", _normal(rng, config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{at}{name}.weight", 1 + _normal(rng, hidden)
        for name, outputs, inputs, bias in (
            ("self_attn.q_proj", heads * size, hidden, "attention_bias"),
            ("self_attn.k_proj", kept * size, hidden, "attention_bias"),
            ("self_attn.v_proj", kept * size, hidden, "attention_bias"),
            ("self_attn.o_proj", hidden, heads * size, "attention_bias"),
            ("mlp.gate_proj", inner, hidden, "mlp_bias"),
            ("mlp.up_proj", inner, hidden, "mlp_bias"),
            ("mlp.down_proj", hidden, inner, "mlp_bias"),
        ):
            yield f"{at}{name}.weight", _normal(rng, outputs, inputs)
            if config.get(bias):
                yield f"{at}{name}.bias", _normal(rng, outputs)
    yield "model.norm.weight", 1 + _normal(rng, hidden)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", _normal(rng, config["vocab_size"], hidden)


def _norm(name: str, hidden: int, rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    yield f"{name}.weight", 1 + _normal(rng, hidden)
    yield f"{name}.bias", _normal(rng, hidden)


def _normal(rng: np.random.Generator, *shape: int) -> FloatArray:
    """Values for which a tiny model's attention and logits vary as a real one's do."""
    scale = 1.5 / np.sqrt(shape[-1]) if len(shape) == 2 else 0.1
    return (rng.standard_normal(shape) * scale).astype(np.float32)
