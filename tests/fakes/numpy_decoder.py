"""A decoder in plain numpy: slow, short, and independent of every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from cuebox.training.decoder_quantize import QuantizedMatrix

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.types import FloatArray, StepBatch

__all__ = ["NumpyDecoder", "PlainTokenizer", "open_numpy_decoder"]


def open_numpy_decoder(
    spec: DecoderSpec, weights: Path, tokenizer: Path
) -> tuple[PlainTokenizer, NumpyDecoder]:
    """`core.ports.OpenDecoder`."""
    return PlainTokenizer(tokenizer), NumpyDecoder(spec, weights)


class PlainTokenizer:
    """`core.ports.DecoderTokenizer` without its tables of bytes."""

    def __init__(self, path: Path) -> None:
        self._tokenizer: Any = Tokenizer.from_file(str(path))
        self.token_bytes: list[bytes] = []
        self.special: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


class NumpyDecoder:
    """`core.ports.StepModel` over the published weights, restored to float32."""

    block_size = 16

    def __init__(self, spec: DecoderSpec, weights: Path, *, blocks: int = 64) -> None:
        self.spec = spec
        self.blocks = blocks
        self._tensors = _restored(load_file(weights))
        shape = (spec.layers, blocks, self.block_size, spec.kv_heads, spec.head_dim)
        self._keys, self._values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)

    def step(self, batch: StepBatch) -> FloatArray:
        states = []
        for number in range(len(batch.past)):
            new = slice(batch.begins[number], batch.begins[number + 1])
            blocks = batch.blocks[batch.block_begins[number] : batch.block_begins[number + 1]]
            states.append(self._read(batch.tokens[new], batch.positions[new], blocks))
        wanted = np.concatenate(states)[batch.sample_rows]
        logits: FloatArray = wanted @ self._get("embed" if self.spec.tied else "output").T
        return logits

    def copy_block(self, source: int, target: int) -> None:
        self._keys[:, target] = self._keys[:, source]
        self._values[:, target] = self._values[:, source]

    def close(self) -> None:
        self._tensors.clear()

    def _get(self, name: str) -> FloatArray:
        return self._tensors[name]

    def _read(self, tokens: Any, places: Any, blocks: Any) -> FloatArray:
        x = self._get("embed")[tokens]
        if self.spec.architecture == "gpt2":
            x = x + self._get("positions")[places]
        for layer in range(self.spec.layers):
            at = f"layers.{layer}."
            attended = self._attend(self._norm(f"{at}attention_norm", x), layer, places, blocks)
            x = x + self._linear(f"{at}attention_out", attended)
            wide = self._linear(f"{at}mlp_in", self._norm(f"{at}mlp_norm", x))
            x = x + self._linear(f"{at}mlp_out", self._activated(wide))
        return self._norm("final_norm", x)

    def _attend(self, x: FloatArray, layer: int, places: Any, blocks: Any) -> FloatArray:
        spec = self.spec
        qkv = self._linear(f"layers.{layer}.qkv", x).reshape(len(x), -1, spec.head_dim)
        query, key, value = np.split(qkv, [spec.heads, spec.heads + spec.kv_heads], axis=1)
        if spec.architecture == "llama":
            query, key = self._turned(query, places), self._turned(key, places)
        home = blocks[places // self.block_size], places % self.block_size
        self._keys[layer][home], self._values[layer][home] = key, value
        seen = np.arange(places[-1] + 1)
        home = blocks[seen // self.block_size], seen % self.block_size
        shared = spec.heads // spec.kv_heads
        keys = self._keys[layer][home].repeat(shared, axis=1)
        values = self._values[layer][home].repeat(shared, axis=1)
        scores = np.einsum("qhd,khd->hqk", query, keys) / np.sqrt(spec.head_dim)
        scores[:, places[:, None] < seen] = -np.inf
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: FloatArray = np.einsum("hqk,khd->qhd", weights, values).reshape(len(x), -1)
        return mixed.astype(np.float32)

    def _turned(self, x: FloatArray, places: Any) -> FloatArray:
        angles = places[:, None] * self._frequencies()
        cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
        first, second = np.split(x, 2, axis=-1)
        turned = [first * cos - second * sin, second * cos + first * sin]
        return np.concatenate(turned, axis=-1).astype(np.float32)

    def _frequencies(self) -> Any:
        half = self.spec.head_dim // 2
        plain = self.spec.rope_theta ** (-np.arange(half) / half)
        scaling = self.spec.rope_scaling
        if scaling is None:
            return plain
        turns = scaling.original_context * plain / (2 * np.pi)
        low, high = scaling.low_freq_factor, scaling.high_freq_factor
        kept = np.clip((turns - low) / (high - low), 0, 1)
        return plain * (kept + (1 - kept) / scaling.factor)

    def _norm(self, name: str, x: FloatArray) -> FloatArray:
        if self.spec.architecture == "gpt2":
            x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.spec.norm_epsilon)
        scaled: FloatArray = x * self._get(f"{name}.weight")
        bias = self._tensors.get(f"{name}.bias")
        return scaled if bias is None else scaled + bias

    def _linear(self, name: str, x: FloatArray) -> FloatArray:
        product: FloatArray = x @ self._get(f"{name}.weight").T
        bias = self._tensors.get(f"{name}.bias")
        return product if bias is None else product + bias

    def _activated(self, x: FloatArray) -> FloatArray:
        if self.spec.architecture == "gpt2":
            inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
            gelu: FloatArray = 0.5 * x * (1 + np.tanh(inner))
            return gelu
        gate, up = np.split(x, 2, axis=-1)
        gated: FloatArray = gate / (1 + np.exp(-gate)) * up
        return gated


def _restored(stored: dict[str, Any]) -> dict[str, FloatArray]:
    return {
        name: QuantizedMatrix(values, stored[f"{name}.scale"]).restore()
        if f"{name}.scale" in stored
        else values
        for name, values in stored.items()
        if not name.endswith(".scale")
    }
