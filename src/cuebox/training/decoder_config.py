"""A checkpoint's `config.json` as a decoder's shape; what cuebox cannot compute is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cuebox.core.decoder import RopeScaling
from cuebox.core.errors import ModelError
from cuebox.training.decoder_shape import DecoderShape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_shape"]

_KNOWN = ("gpt2", "llama")
# Options that change the computation: the values that cuebox computes, the usual one first.
_GPT2_ALWAYS: dict[str, tuple[object, ...]] = {
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "add_cross_attention": (False,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "scale_attn_weights": (True,),
}
_LLAMA_ALWAYS: dict[str, tuple[object, ...]] = {
    "hidden_act": ("silu", "swish"),
    "partial_rotary_factor": (1.0,),
    "sliding_window": (None,),
}
_ROPE_ALWAYS: dict[str, tuple[object, ...]] = {
    "rope_type": ("default", "llama3"),
    "type": ("default", "llama3"),
    "partial_rotary_factor": (1.0,),
}


def read_shape(config: Mapping[str, Any], path: Path) -> DecoderShape:
    """The shape that a Hugging Face `config.json` describes.

    Args:
        path: where it was read from, for messages.

    Raises:
        ModelError: an architecture or an option that cuebox does not compute, or a key that is
            missing; the message names it.
    """
    fields = _Fields({"model_type": None, **config}, path)
    fields.require({"model_type": _KNOWN, "quantization_config": (None,)})
    return _gpt2(fields) if config["model_type"] == "gpt2" else _llama(fields)


def _gpt2(config: _Fields) -> DecoderShape:
    config.require(_GPT2_ALWAYS)
    hidden, heads = config.count("n_embd"), config.count("n_head")
    return DecoderShape(
        architecture="gpt2",
        vocab=config.count("vocab_size"),
        hidden=hidden,
        layers=config.count("n_layer"),
        heads=heads,
        kv_heads=heads,
        head_dim=config.divided(hidden, "n_head"),
        inner=config.count("n_inner", 4 * hidden),
        context=config.count("n_positions"),
        norm_epsilon=config.number("layer_norm_epsilon", 1e-5),
        tied=config.flag("tie_word_embeddings", default=True),
    )


def _llama(config: _Fields) -> DecoderShape:
    rope = config.inner("rope_parameters") or config.inner("rope_scaling")
    config.require(_LLAMA_ALWAYS)
    rope.require(_ROPE_ALWAYS)
    hidden, heads = config.count("hidden_size"), config.count("num_attention_heads")
    kv_heads = config.count("num_key_value_heads", heads)
    config.divided(heads, "num_key_value_heads", kv_heads)
    return DecoderShape(
        architecture="llama",
        vocab=config.count("vocab_size"),
        hidden=hidden,
        layers=config.count("num_hidden_layers"),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=config.count("head_dim", 0) or config.divided(hidden, "num_attention_heads"),
        inner=config.count("intermediate_size"),
        context=config.count("max_position_embeddings"),
        norm_epsilon=config.number("rms_norm_eps", 1e-6),
        # Beside the other rotary settings since transformers 5, by itself before.
        rope_theta=rope.number("rope_theta", config.number("rope_theta", 10_000.0)),
        rope_scaling=_rope_scaling(rope),
        tied=config.flag("tie_word_embeddings", default=False),
        attention_bias=config.flag("attention_bias", default=False),
        mlp_bias=config.flag("mlp_bias", default=False),
    )


def _rope_scaling(rope: _Fields) -> RopeScaling | None:
    if rope.values.get("rope_type", rope.values.get("type", "default")) == "default":
        return None
    return RopeScaling(
        factor=rope.number("factor"),
        low_freq_factor=rope.number("low_freq_factor"),
        high_freq_factor=rope.number("high_freq_factor"),
        original_context=rope.count("original_max_position_embeddings"),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """Fields of an object, checked; messages name the file and the field."""

    values: Mapping[str, Any]
    path: Path
    prefix: str = ""

    def __bool__(self) -> bool:
        return bool(self.values)

    def inner(self, key: str) -> _Fields:
        """The object in a field; empty when the field is absent."""
        value = self.values.get(key) or {}
        if not isinstance(value, dict):
            raise self._error(key, value, "expected an object")
        return _Fields(value, self.path, f"{self.prefix}{key}.")

    def require(self, known: Mapping[str, tuple[object, ...]]) -> None:
        """Refuse other values than those known; an absent field has the first."""
        for key, values in known.items():
            value = self.values.get(key, values[0])
            if value not in values:
                listed = ", ".join(map(repr, values))
                raise self._error(key, value, f"cuebox computes only {listed}")

    def number(self, key: str, default: float | None = None) -> float:
        """A number above 0; a field that is absent or null has the default."""
        return float(self._positive(key, default))

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number above 0; a field that is absent or null has the default."""
        value = self._positive(key, default)
        if not isinstance(value, int):
            raise self._error(key, value, "expected a whole number")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self._error(key, value, "expected true or false")
        return value

    def divided(self, whole: int, key: str, parts: int | None = None) -> int:
        """`whole` in so many equal parts as the field says."""
        count = self.count(key, parts)
        if whole % count:
            raise self._error(key, count, f"it does not divide {whole}")
        return whole // count

    def _positive(self, key: str, default: float | None) -> Any:  # noqa: ANN401 - JSON's number
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self._error(key, value, "expected a number above 0")
        return value

    def _error(self, key: str, value: object, problem: str) -> ModelError:
        return ModelError(f"{self.path}: {self.prefix}{key} is {value!r}: {problem}")
