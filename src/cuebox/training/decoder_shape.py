"""The shape of a decoder, and the canonical names and shapes of its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cuebox.core.decoder import RopeScaling

__all__ = ["Architecture", "DecoderShape", "is_matrix"]

Architecture = Literal["gpt2", "llama"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderShape:
    """What decides a decoder's tensors and what is computed with them; see `DecoderSpec`.

    Attributes:
        attention_bias, mlp_bias: whether those matrices of a llama have biases; a gpt2's do.
    """

    architecture: Architecture
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
    attention_bias: bool = True
    mlp_bias: bool = True

    @property
    def parameters(self) -> int:
        """How many values all tensors hold."""
        total = 0
        for shape in self.tensors().values():
            size = 1
            for side in shape:
                size *= side
            total += size
        return total

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Canonical name to shape, in the order of the computation; see `core.decoder`."""
        return dict(self._tensors())

    def _tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield "embed", (self.vocab, self.hidden)
        if self.architecture == "gpt2":
            yield "positions", (self.context, self.hidden)
        for layer in range(self.layers):
            yield from self._layer(f"layers.{layer}.")
        yield from self._norm("final_norm")
        if not self.tied:
            yield "output", (self.vocab, self.hidden)

    def _layer(self, at: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        width = self.heads * self.head_dim
        qkv = width + 2 * self.kv_heads * self.head_dim
        gated = 2 if self.architecture == "llama" else 1
        yield from self._norm(f"{at}attention_norm")
        yield from _linear(f"{at}qkv", qkv, self.hidden, bias=self.attention_bias)
        yield from _linear(f"{at}attention_out", self.hidden, width, bias=self.attention_bias)
        yield from self._norm(f"{at}mlp_norm")
        yield from _linear(f"{at}mlp_in", gated * self.inner, self.hidden, bias=self.mlp_bias)
        yield from _linear(f"{at}mlp_out", self.hidden, self.inner, bias=self.mlp_bias)

    def _norm(self, name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f"{name}.weight", (self.hidden,)
        if self.architecture == "gpt2":
            yield f"{name}.bias", (self.hidden,)


def is_matrix(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a tensor takes part in products, and so is quantised."""
    return len(shape) == 2 and name != "positions"


def _linear(
    name: str, rows: int, columns: int, *, bias: bool
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (rows, columns)
    if bias:
        yield f"{name}.bias", (rows,)
