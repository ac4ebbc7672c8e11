"""A head as plain arrays: what a trained classifier is reduced to, saved and served as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray

__all__ = ["Head", "load_head", "save_head", "sigmoid", "softmax"]

_HIDDEN = ("hidden_weight", "hidden_bias")


@dataclass(frozen=True, slots=True)
class Head:
    """An affine map from embedding to logits, with one ReLU layer before it where there is one.

    Calibration and the scale of a cosine are folded into the last layer. All arrays float32.

    Attributes:
        weight: `[labels, dim]`, or `[labels, hidden]` with a hidden layer.
        bias: `[labels]`.
        hidden_weight: `[hidden, dim]` or None.
        hidden_bias: `[hidden]` or None.
    """

    weight: FloatArray
    bias: FloatArray
    hidden_weight: FloatArray | None = None
    hidden_bias: FloatArray | None = None

    @property
    def dim(self) -> int:
        """Width of the embeddings that the head reads."""
        first = self.weight if self.hidden_weight is None else self.hidden_weight
        return int(first.shape[1])

    def logits(self, embeddings: FloatArray) -> FloatArray:
        """Calibrated logits, `[rows, labels]`, of embeddings `[rows, dim]`."""
        inputs = embeddings
        if self.hidden_weight is not None and self.hidden_bias is not None:
            inputs = np.maximum(embeddings @ self.hidden_weight.T + self.hidden_bias, 0)
        return inputs @ self.weight.T + self.bias

    def scaled(self, scale: FloatArray | float, shift: FloatArray | float = 0.0) -> Head:
        """The head whose logits are `scale * logits + shift`, per label or for all."""
        column = np.broadcast_to(np.asarray(scale, np.float32), self.bias.shape)
        weight = np.ascontiguousarray(self.weight * column[:, None], np.float32)
        bias = (self.bias * column + np.asarray(shift, np.float32)).astype(np.float32)
        return Head(weight, bias, self.hidden_weight, self.hidden_bias)


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax over the last axis."""
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: FloatArray) -> FloatArray:
    """Logistic function; by tanh, which cannot overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits), np.float32)


def save_head(head: Head) -> bytes:
    """The arrays as a safetensors file."""
    from safetensors.numpy import save

    arrays = {"weight": head.weight, "bias": head.bias}
    if head.hidden_weight is not None and head.hidden_bias is not None:
        arrays |= {"hidden_weight": head.hidden_weight, "hidden_bias": head.hidden_bias}
    content: bytes = save({key: np.ascontiguousarray(value) for key, value in arrays.items()})
    return content


def load_head(content: bytes, *, name: str, labels: int, dim: int | None) -> Head:
    """Read a head and check that it fits its manifest.

    Args:
        content: a safetensors file.
        name: of the classifier, for messages.
        labels: how many outputs the manifest promises.
        dim: width of the encoder's embeddings; None skips that check.

    Raises:
        ModelError: not safetensors, a missing or misshapen array, or a value not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except SafetensorError as error:
        raise ModelError(f"classifier {name!r}: head.safetensors: {error}") from error
    problem = _problem(arrays, labels, dim)
    if problem:
        raise ModelError(f"classifier {name!r}: head.safetensors: {problem}")
    return Head(**arrays)


def _problem(arrays: dict[str, FloatArray], labels: int, dim: int | None) -> str:
    """What is wrong with the arrays; empty when nothing is."""
    if set(arrays) not in ({"weight", "bias"}, {"weight", "bias", *_HIDDEN}):
        return f"has arrays {sorted(arrays)}, expected weight and bias (and {', '.join(_HIDDEN)})"
    inputs = dim
    wanted: dict[str, tuple[int | None, ...]] = {}
    if "hidden_weight" in arrays:
        inputs = arrays["hidden_weight"].shape[0]
        wanted = {"hidden_weight": (None, dim), "hidden_bias": (inputs,)}
    wanted |= {"weight": (labels, inputs), "bias": (labels,)}
    for key, shape in wanted.items():
        array = arrays[key]
        if array.dtype != np.float32 or not np.isfinite(array).all():
            return f"{key} must be finite float32"
        if not _fits(array.shape, shape):
            return f"{key} has shape {array.shape}, expected {shape} (None is any)"
    return ""


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        expected in (None, size) for size, expected in zip(shape, wanted, strict=True)
    )
