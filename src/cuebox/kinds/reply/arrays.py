"""The two files of a reply model: arrays as safetensors, everything else as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from cuebox.core.errors import ModelError
from cuebox.kinds.reply.answers.answer_list import Answer
from cuebox.kinds.reply.ranking.context import POOLS
from cuebox.kinds.reply.ranking.tower import Tower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.types import FloatArray

__all__ = ["ARRAYS_FILE", "LISTS_FILE", "load_arrays", "load_lists", "save_arrays", "save_lists"]

ARRAYS_FILE = "tower.safetensors"
LISTS_FILE = "answers.json"

_NAMES = (
    "sign_weight",
    "pool_weight",
    "hidden_bias",
    "projection",
    "own",
    "bias",
    "none",
)


class _Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `answers.json` holds.

    Attributes:
        answers: what is offered, in the order of their embeddings.
        trained: ids of the answers that the tower was trained with.
        vocabulary: the signs that it knows.
    """

    answers: list[Answer]
    trained: list[str]
    vocabulary: list[str]


def save_lists(answers: Sequence[Answer], tower: Tower) -> bytes:
    """The lists as JSON."""
    return msgspec.json.encode(
        _Lists(answers=list(answers), trained=list(tower.ids), vocabulary=list(tower.vocabulary))
    )


def load_lists(name: str, content: bytes) -> tuple[list[Answer], tuple[str, ...], tuple[str, ...]]:
    """Answers, ids of those trained with, and vocabulary.

    Raises:
        ModelError: not what `save_lists` writes.
    """
    try:
        lists = msgspec.json.decode(content, type=_Lists)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"reply model {name!r}: {LISTS_FILE}: {error}") from error
    return lists.answers, tuple(lists.trained), tuple(lists.vocabulary)


def save_arrays(tower: Tower, embeddings: FloatArray) -> bytes:
    """The tower's arrays and the answers' embeddings; the large ones in half precision."""
    arrays: dict[str, np.ndarray] = {
        name: np.ascontiguousarray(getattr(tower, name), np.float32) for name in _NAMES
    }
    for name in ("sign_weight", "pool_weight"):
        arrays[name] = arrays[name].astype(np.float16)
    arrays["embeddings"] = np.ascontiguousarray(embeddings, np.float16)
    content: bytes = save(arrays)
    return content


def load_arrays(
    name: str,
    content: bytes,
    *,
    ids: tuple[str, ...],
    vocabulary: tuple[str, ...],
    answers: int,
    dim: int,
    temperature: float,
) -> tuple[Tower, FloatArray]:
    """The tower and the embeddings of the answers, `[answers, dim]`.

    Raises:
        ModelError: not safetensors, an array is missing, of the wrong shape or not finite.
    """
    try:
        found: Mapping[str, np.ndarray] = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(f"reply model {name!r}: {ARRAYS_FILE}: {error}") from error
    width = found["hidden_bias"].shape[-1] if "hidden_bias" in found else 0
    shapes = {
        "sign_weight": (len(vocabulary), width),
        "pool_weight": (len(POOLS) * dim, width),
        "hidden_bias": (width,),
        "projection": (dim, width),
        "own": (len(ids), width),
        "bias": (len(ids),),
        "none": (width + 1,),
        "embeddings": (answers, dim),
    }
    for array, shape in shapes.items():
        if array not in found or found[array].shape != shape:
            has = found[array].shape if array in found else "missing"
            raise ModelError(f"reply model {name!r}: {array} is {has}, expected {shape}")
        if not np.isfinite(found[array]).all():
            raise ModelError(f"reply model {name!r}: {array} holds a value that is not finite")
    arrays = {array: found[array].astype(np.float32) for array in _NAMES}
    tower = Tower(vocabulary=vocabulary, ids=ids, temperature=temperature, **arrays)
    return tower, found["embeddings"].astype(np.float32)
