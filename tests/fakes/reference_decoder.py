"""What a decoder's file means, in plain numpy: whole sequences, no cache, no tricks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.types import FloatArray

__all__ = ["ReferenceDecoder"]

Array = np.ndarray[Any, Any]


class ReferenceDecoder:
    """Logits in float64 from dequantised weights."""

    def __init__(self, spec: DecoderSpec, weights: Path) -> None:
        self._spec = spec
        self._file: dict[str, Array] = load_file(str(weights))

    def logits(self, tokens: Sequence[int]) -> FloatArray:
        """Float32 `[tokens, vocab]`: at each place, those of the token that follows."""
        spec = self._spec
        x = self._matrix("embed")[list(tokens)]
        if spec.architecture == "gpt2":
            x = x + self._file["positions"][: len(tokens)]
        for layer in range(spec.layers):
            name = f"layers.{layer}"
            x = x + self._attention(name, self._norm(f"{name}.attention_norm", x))
            x = x + self._mlp(name, self._norm(f"{name}.mlp_norm", x))
        output = self._matrix("embed" if spec.tied else "output")
        logits: FloatArray = (self._norm("final_norm", x) @ output.T).astype(np.float32)
        return logits

    def greedy(self, tokens: Sequence[int], count: int) -> list[int]:
        """The `count` most probable tokens, one after the other."""
        text = list(tokens)
        for _ in range(count):
            text.append(int(self.logits(text)[-1].argmax()))
        return text[len(tokens) :]

    def _attention(self, name: str, x: Array) -> Array:
        spec, length = self._spec, len(x)
        qkv = self._linear(f"{name}.qkv", x).reshape(length, -1, spec.head_dim)
        q, k, v = np.split(qkv, [spec.heads, spec.heads + spec.kv_heads], axis=1)
        if spec.architecture == "llama":
            q, k = self._rotated(q), self._rotated(k)
        shared = spec.heads // spec.kv_heads
        k, v = np.repeat(k, shared, axis=1), np.repeat(v, shared, axis=1)
        scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(spec.head_dim)
        scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        attended = np.einsum("hqk,khd->qhd", weights, v).reshape(length, -1)
        return self._linear(f"{name}.attention_out", attended)

    def _rotated(self, x: Array) -> Array:
        half = self._spec.head_dim // 2
        angles = np.arange(len(x))[:, None] * self._frequencies()
        cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
        low, high = x[..., :half], x[..., half:]
        return np.concatenate([low * cosine - high * sine, high * cosine + low * sine], axis=-1)

    def _frequencies(self) -> Array:
        """One per pair of a head, in radians per token."""
        spec, scaling = self._spec, self._spec.rope_scaling
        plain = [spec.rope_theta ** (-2 * i / spec.head_dim) for i in range(spec.head_dim // 2)]
        if scaling is None:
            return np.array(plain)
        stretched = []
        for frequency in plain:
            wavelength = 2 * math.pi / frequency
            if wavelength < scaling.original_context / scaling.high_freq_factor:
                stretched.append(frequency)
            elif wavelength > scaling.original_context / scaling.low_freq_factor:
                stretched.append(frequency / scaling.factor)
            else:
                smooth = scaling.original_context / wavelength - scaling.low_freq_factor
                smooth /= scaling.high_freq_factor - scaling.low_freq_factor
                stretched.append((1 - smooth) * frequency / scaling.factor + smooth * frequency)
        return np.array(stretched)

    def _mlp(self, name: str, x: Array) -> Array:
        inner = self._linear(f"{name}.mlp_in", x)
        if self._spec.architecture == "llama":
            gate, up = np.split(inner, 2, axis=-1)
            inner = gate / (1 + np.exp(-gate)) * up
        else:
            cubic = math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)
            inner = 0.5 * inner * (1 + np.tanh(cubic))
        return self._linear(f"{name}.mlp_out", inner)

    def _norm(self, name: str, x: Array) -> Array:
        if self._spec.architecture == "llama":
            scale = np.sqrt((x**2).mean(axis=-1, keepdims=True) + self._spec.norm_epsilon)
            return np.asarray(x / scale * self._file[f"{name}.weight"])
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self._spec.norm_epsilon)
        return np.asarray(
            centred / scale * self._file[f"{name}.weight"] + self._file[f"{name}.bias"]
        )

    def _linear(self, name: str, x: Array) -> Array:
        bias = self._file.get(f"{name}.bias")
        y = x @ self._matrix(f"{name}.weight").T
        return y if bias is None else y + bias

    def _matrix(self, name: str) -> Array:
        """Float64 `[out, in]`."""
        values, scale = self._file[name], self._file.get(f"{name}.scale")
        if scale is None:
            return values.astype(np.float64)
        if values.dtype == np.uint8:
            low, high = values << 4, values & 0xF0
            values = np.stack([low, high], axis=-1).view(np.int8).reshape(len(values), -1) >> 4
        columns = values.shape[1] // scale.shape[1]
        return np.asarray(values * np.repeat(scale.astype(np.float64), columns, axis=1))
