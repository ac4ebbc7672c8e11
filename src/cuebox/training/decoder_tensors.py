"""Tensors of a decoder under their canonical names, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray
    from cuebox.training.decoder_shape import DecoderShape

__all__ = ["LazyTensors", "canonical_tensors"]


class LazyTensors(Mapping[str, "FloatArray"]):
    """Names and what reads each tensor, float32; nothing is kept after it was read."""

    def __init__(self, readers: Mapping[str, Callable[[], FloatArray]]) -> None:
        self._readers = readers

    def __getitem__(self, name: str) -> FloatArray:
        return np.ascontiguousarray(self._readers[name](), np.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def canonical_tensors(shape: DecoderShape, found: Mapping[str, FloatArray]) -> LazyTensors:
    """The tensors of a transformers checkpoint (GPT2LMHeadModel or LlamaForCausalLM).

    Args:
        found: the checkpoint's tensors by their own names, with or without the prefix of the
            base model (`transformer.`, `model.`).

    Raises:
        ModelError: a tensor is missing (said now) or has another shape (said when it is read).
    """
    checkpoint = _Checkpoint(found, _PREFIXES[shape.architecture])
    read = _gpt2_tensor if shape.architecture == "gpt2" else _llama_tensor
    readers = {
        name: _Reader(checkpoint, name, expected, *read(name))
        for name, expected in shape.tensors().items()
    }
    for reader in readers.values():
        reader.check()
    return LazyTensors(readers)


_PREFIXES = {"gpt2": "transformer.", "llama": "model."}

# The part of a canonical name within a layer, to the checkpoint's own.
_GPT2 = {
    "embed": "wte.weight",
    "positions": "wpe.weight",
    "final_norm": "ln_f",
    "output": "lm_head.weight",
    "attention_norm": "ln_1",
    "qkv": "attn.c_attn",
    "attention_out": "attn.c_proj",
    "mlp_norm": "ln_2",
    "mlp_in": "mlp.c_fc",
    "mlp_out": "mlp.c_proj",
}
_LLAMA = {
    "embed": ("embed_tokens.weight",),
    "final_norm": ("norm",),
    "output": ("lm_head.weight",),
    "attention_norm": ("input_layernorm",),
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "attention_out": ("self_attn.o_proj",),
    "mlp_norm": ("post_attention_layernorm",),
    "mlp_in": ("mlp.gate_proj", "mlp.up_proj"),
    "mlp_out": ("mlp.down_proj",),
}


def _gpt2_tensor(name: str) -> tuple[tuple[str, ...], bool]:
    """The tensors that are joined for `name`, and whether they lie transposed (`Conv1D`)."""
    layer, part, suffix = _parts(name)
    at = f"h.{layer}." if layer else ""
    transposed = part in {"qkv", "attention_out", "mlp_in", "mlp_out"} and suffix == ".weight"
    return (f"{at}{_GPT2[part]}{suffix}",), transposed


def _llama_tensor(name: str) -> tuple[tuple[str, ...], bool]:
    layer, part, suffix = _parts(name)
    at = f"layers.{layer}." if layer else ""
    return tuple(f"{at}{one}{suffix}" for one in _LLAMA[part]), False


def _parts(name: str) -> tuple[str, str, str]:
    """`layers.3.qkv.bias` is layer `3`, part `qkv`, suffix `.bias`."""
    layer = ""
    if name.startswith("layers."):
        _, layer, name = name.split(".", 2)
    part, dot, suffix = name.partition(".")
    return layer, part, dot + suffix


class _Checkpoint:
    """A checkpoint's tensors, whatever the class of the model that saved them."""

    def __init__(self, found: Mapping[str, FloatArray], prefix: str) -> None:
        self._found = found
        self._prefix = prefix

    def name(self, name: str) -> str | None:
        """The name a tensor has here; None when it is not here."""
        return next((one for one in (self._prefix + name, name) if one in self._found), None)

    def read(self, name: str) -> FloatArray:
        return self._found[self.name(name) or name]


class _Reader:
    """Reads one canonical tensor: its pieces, one below the other."""

    def __init__(
        self,
        checkpoint: _Checkpoint,
        name: str,
        expected: tuple[int, ...],
        pieces: tuple[str, ...],
        transposed: bool,  # noqa: FBT001 - a piece of a tuple
    ) -> None:
        self._checkpoint = checkpoint
        self._name = name
        self._expected = expected
        self._pieces = pieces
        self._transposed = transposed

    def check(self) -> None:
        for piece in self._pieces:
            if self._checkpoint.name(piece) is None:
                raise ModelError(f"the checkpoint has no tensor {piece!r}")

    def __call__(self) -> FloatArray:
        arrays = [self._checkpoint.read(piece) for piece in self._pieces]
        whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        if self._transposed:
            whole = whole.T
        if whole.shape != self._expected:
            raise ModelError(
                f"{' and '.join(self._pieces)}: together of shape {list(whole.shape)}, "
                f"config.json says {list(self._expected)}"
            )
        return whole
