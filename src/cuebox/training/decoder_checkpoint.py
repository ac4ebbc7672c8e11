"""The safetensors files of a checkpoint folder, mapped into memory and read tensor by tensor."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray

__all__ = ["CheckpointTensors", "open_checkpoint"]

_INDEX, _SINGLE, _PICKLED = "model.safetensors.index.json", "model.safetensors", "pytorch_model"
_LARGEST_HEADER = 100_000_000
# numpy has no bfloat16: it is the upper half of a float32.
_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor lies in a file."""

    path: Path
    kind: str
    shape: tuple[int, ...]
    offset: int


class CheckpointTensors(Mapping[str, "FloatArray"]):
    """Tensor name to float32 values, converted when they are asked for.

    A float32 tensor is a view of the mapped file, so that reading costs no memory of its own.
    """

    def __init__(self, places: Mapping[str, _Place]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> FloatArray:
        place = self._places[name]
        kind = _TYPES.get(place.kind)
        if kind is None:
            raise ModelError(
                f"{place.path}: tensor {name!r} is of type {place.kind}; known: {', '.join(_TYPES)}"
            )
        if not math.prod(place.shape):
            return np.zeros(place.shape, np.float32)
        values: NDArray[Any] = np.memmap(place.path, kind, "r", place.offset, place.shape)
        if place.kind == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return np.asarray(values, np.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def open_checkpoint(folder: Path) -> CheckpointTensors:
    """Read the headers of `model.safetensors`, or of the files its index names.

    Raises:
        ModelError: there is none, or one is damaged.
    """
    places: dict[str, _Place] = {}
    for path in _files(folder):
        places |= _read_header(path)
    return CheckpointTensors(places)


def _files(folder: Path) -> list[Path]:
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    index = folder / _INDEX
    if index.is_file():
        try:
            names = sorted(
                set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
            )
            # A name is a file of this folder, whatever an index may say.
            paths = [folder / str(name).rsplit("/", 1)[-1] for name in names]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{index} cannot be read: {error!r}") from error
        missing = [path.name for path in paths if not path.is_file()]
        if missing:
            raise ModelError(f"{index} names {missing[0]}, which is not there")
        return paths
    if list(folder.glob(f"{_PICKLED}*.bin")):
        raise ModelError(
            f"{folder} has only {_PICKLED}.bin, a pickle, which can run code: convert it to "
            "safetensors first (save_pretrained)"
        )
    raise ModelError(f"{folder} has neither {_SINGLE} nor {_INDEX}")


def _read_header(path: Path) -> dict[str, _Place]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > _LARGEST_HEADER:
                raise ModelError(f"{path} is not a safetensors file: a header of {length} bytes")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        size = path.stat().st_size - 8 - length
        return {name: _place(path, entry, 8 + length, size) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a safetensors file: {error!r}") from error


def _place(path: Path, entry: dict[str, Any], start: int, size: int) -> _Place:
    begin, end = entry["data_offsets"]
    shape = tuple(int(side) for side in entry["shape"])
    kind = str(entry["dtype"])
    width = _TYPES[kind].itemsize if kind in _TYPES else None
    if not 0 <= begin <= end <= size or (width and end - begin != width * math.prod(shape)):
        raise ValueError(f"a tensor of shape {list(shape)} lies at {begin} to {end} of {size}")
    return _Place(path, kind, shape, start + begin)
