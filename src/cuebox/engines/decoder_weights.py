"""A decoder's weights: a safetensors file, mapped, each tensor checked when it is asked for."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from cuebox.core.types import FloatArray

__all__ = ["DecoderWeights", "Matrix"]

_NAMES = {"F32": np.dtype(np.float32), "F16": np.dtype(np.float16)}
_NAMES |= {"I8": np.dtype(np.int8), "U8": np.dtype(np.uint8)}
_LENGTH_BYTES = 8
_LARGEST_HEADER = 100 << 20


class _Entry(msgspec.Struct, frozen=True):
    """What the header says of one tensor; offsets are bytes from the end of the header."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix `[rows, columns]` as the file holds it.

    Attributes:
        values: float32 or int8 `[rows, columns]`; uint8 `[rows, columns / 2]` with two values
            in each byte when it is int4.
        scale: float16 `[rows, columns / group]`; None for float32.
    """

    values: NDArray[Any]
    scale: NDArray[np.float16] | None
    rows: int
    columns: int


class DecoderWeights:
    """Tensors by name, views of the mapped file: nothing is read before it is used."""

    def __init__(self, path: Path) -> None:
        """Map the file and read its header.

        Raises:
            ModelError: the file is missing, cut short, or no safetensors file.
        """
        self._path = path
        try:
            with path.open("rb") as file:
                # A private mapping: nobody writes to it, but OpenVINO asks that one could.
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise ModelError(f"the weights {path} cannot be read: {error}") from error
        self._entries, self._start = _header(self._map, path)
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self._map)

    @property
    def unread(self) -> list[str]:
        """Tensors that nobody has asked for, sorted."""
        return sorted(self._entries.keys() - self._read)

    def vector(self, name: str, size: int) -> FloatArray:
        """Float32 `[size]`, all finite."""
        return self._finite(name, self._tensor(name, np.float32, (size,)))

    def table(self, name: str, rows: int, columns: int) -> FloatArray:
        """Float32 `[rows, columns]`."""
        return self._tensor(name, np.float32, (rows, columns))

    def float32(self, name: str, rows: int, columns: int) -> Matrix:
        """A matrix that is not quantised."""
        return Matrix(self.table(name, rows, columns), None, rows, columns)

    def int8(self, name: str, rows: int, columns: int) -> Matrix:
        """A matrix of int8 with one scale a row."""
        values = self._tensor(name, np.int8, (rows, columns))
        return Matrix(values, self._scale(name, rows, 1), rows, columns)

    def int4(self, name: str, rows: int, columns: int, group: int) -> Matrix:
        """A matrix of int4, two a byte, with one scale for each `group` of a row's columns."""
        if group < 2 or group % 2 or columns % group:
            raise ModelError(
                f"{name} of {self._path} has {columns} columns, which groups of {group} do not "
                f"divide: quantise it with an even group that does"
            )
        values = self._tensor(name, np.uint8, (rows, columns // 2))
        return Matrix(values, self._scale(name, rows, columns // group), rows, columns)

    def release_pages(self) -> None:
        """Let the system take back what was read; it is mapped again where it is used again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _scale(self, name: str, rows: int, groups: int) -> NDArray[np.float16]:
        name = f"{name}.scale"
        return self._finite(name, self._tensor(name, np.float16, (rows, groups)))

    def _finite(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        if not np.isfinite(values).all():
            raise ModelError(f"{name} of {self._path} is not finite: export the model again")
        return values

    def _tensor(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """A view of one tensor, which must be of this type and shape."""
        entry = self._entries.get(name)
        if entry is None:
            raise ModelError(f"{self._path} lacks the tensor {name}")
        wanted = np.dtype(dtype)
        if _NAMES.get(entry.dtype) != wanted or tuple(entry.shape) != shape:
            raise ModelError(
                f"{name} of {self._path} is {entry.dtype} {entry.shape}: expected "
                f"{wanted} {list(shape)}"
            )
        begin, end = (self._start + offset for offset in entry.data_offsets)
        count = int(np.prod(shape, dtype=np.int64))
        if begin < self._start or end - begin != count * wanted.itemsize or end > len(self._map):
            raise ModelError(
                f"{name} of {self._path} is at bytes {begin} to {end} of {len(self._map)}: "
                f"the file is damaged or cut short"
            )
        self._read.add(name)
        return np.frombuffer(self._map, wanted, count, begin).reshape(shape)


def _header(mapped: mmap.mmap, path: Path) -> tuple[dict[str, _Entry], int]:
    """The tensors' entries, and where their data begins."""
    length = int.from_bytes(mapped[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length > _LARGEST_HEADER or start > len(mapped):
        raise ModelError(f"{path} is not a safetensors file, or it is cut short")
    try:
        header = msgspec.json.decode(mapped[_LENGTH_BYTES:start], type=dict[str, msgspec.Raw])
        header.pop("__metadata__", None)
        decode = msgspec.json.Decoder(_Entry).decode
        return {name: decode(raw) for name, raw in header.items()}, start
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a safetensors file: {error}") from error
