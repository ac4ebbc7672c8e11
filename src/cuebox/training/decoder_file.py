"""Writes a safetensors file tensor by tensor, laid out to be mapped and used in place."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["TensorFile", "TensorLayout"]

# A cache line, and the widest vector register.
_BORDER = 64
_NAMES = {"float32": "F32", "float16": "F16", "int8": "I8", "uint8": "U8"}


@dataclass(frozen=True, slots=True)
class TensorLayout:
    """A tensor to come."""

    name: str
    kind: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.kind.itemsize * math.prod(self.shape)


class TensorFile:
    """A file whose tensors are known beforehand and written in any order.

    The format allows no gaps, so tensors whose size is a multiple of 64 bytes come first and
    begin on such a border; the few others follow, wide types first, so that each is aligned to
    its own type. Equal tensors give equal bytes.
    """

    def __init__(self, path: Path, layouts: Sequence[TensorLayout]) -> None:
        ordered = sorted(layouts, key=lambda one: (one.size % _BORDER > 0, -one.kind.itemsize))
        self._offsets: dict[str, tuple[TensorLayout, int]] = {}
        end = 0
        for layout in ordered:
            self._offsets[layout.name] = layout, end
            end += layout.size
        header = _header(self._offsets)
        self._start = len(header)
        self._missing = set(self._offsets)
        self._file = path.open("wb")
        self._file.write(header)
        self._file.truncate(self._start + end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is None and self._missing:
            raise ModelError(f"tensors were never written: {', '.join(sorted(self._missing))}")

    def write(self, name: str, values: NDArray[Any]) -> None:
        """Put a tensor into its place.

        Raises:
            ModelError: it is not of the type and shape that were announced.
        """
        layout, offset = self._offsets[name]
        if (values.dtype, values.shape) != (layout.kind, layout.shape):
            raise ModelError(
                f"tensor {name!r} is {values.dtype} {list(values.shape)}, "
                f"expected {layout.kind} {list(layout.shape)}"
            )
        self._file.seek(self._start + offset)
        self._file.write(np.ascontiguousarray(values).data)
        self._missing.discard(name)


def _header(offsets: Mapping[str, tuple[TensorLayout, int]]) -> bytes:
    """Length and JSON, filled up with spaces so that the first tensor lies on a border."""
    entries = {
        name: {
            "dtype": _NAMES[layout.kind.name],
            "shape": layout.shape,
            "data_offsets": [offset, offset + layout.size],
        }
        for name, (layout, offset) in offsets.items()
    }
    content = json.dumps(entries, separators=(",", ":")).encode()
    content += b" " * (-(8 + len(content)) % _BORDER)
    return len(content).to_bytes(8, "little") + content
