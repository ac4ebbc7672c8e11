"""The tensors of the Open Inference Protocol v2, as JSON and in the binary extension.

Specs: https://github.com/kserve/open-inference-protocol and Triton's
`protocol/extension_binary_data.md`: the JSON comes first and `Inference-Header-Content-Length`
is its length; binary tensors follow in the order of the list. A BYTES element is its length
(uint32, little endian) and its bytes.
"""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray

__all__ = [
    "InferRequest",
    "InferResponse",
    "InputTensor",
    "OutputTensor",
    "RequestedOutput",
    "float_output",
    "label_output",
    "read_texts",
]

_LENGTH = struct.Struct("<I")

Dimension = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class InputTensor(msgspec.Struct, kw_only=True):
    """An input: `data` as (nested) lists, or `binary_data_size` bytes after the JSON."""

    name: str
    shape: list[Dimension]
    datatype: str
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class RequestedOutput(msgspec.Struct, kw_only=True):
    """An output to return; `binary_data` puts it after the JSON."""

    name: str
    parameters: dict[str, Any] = {}


class InferRequest(msgspec.Struct, kw_only=True):
    """An inference request; `binary_data_output` is the default for every output."""

    inputs: Annotated[list[InputTensor], msgspec.Meta(min_length=1, max_length=64)]
    outputs: Annotated[list[RequestedOutput], msgspec.Meta(max_length=64)] = []
    id: str | None = None
    parameters: dict[str, Any] = {}


class OutputTensor(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An output: flat `data` in row-major order, or `binary_data_size` bytes after the JSON."""

    name: str
    datatype: str
    shape: list[int]
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class InferResponse(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The outputs that were asked for."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]


def read_texts(tensor: InputTensor, binary: memoryview | None) -> list[Any]:
    """The texts of the input `text`, `[n]` or `[n, 1]`.

    Elements of JSON data are returned as they are: whether each is a text is the service's
    question, which names the row.

    Raises:
        InvalidRequest: another datatype or shape, or data that does not fill the shape.
    """
    if tensor.datatype != "BYTES":
        raise InvalidRequest(
            f"input {tensor.name[:80]!r} has datatype {tensor.datatype[:20]!r}: send BYTES",
            param="inputs[0].datatype",
        )
    if not tensor.shape or len(tensor.shape) > 2 or tensor.shape[1:] not in ([], [1]):
        raise InvalidRequest(
            f"input {tensor.name[:80]!r} has shape {tensor.shape[:8]}: send [n] or [n, 1]",
            param="inputs[0].shape",
        )
    if binary is not None:
        values: list[Any] = _read_binary(binary)
    elif tensor.data is not None:
        values = _flat(tensor.data)
    else:
        raise InvalidRequest("the input has no data", param="inputs[0].data")
    if len(values) != prod(tensor.shape):
        raise InvalidRequest(
            f"shape {tensor.shape} wants {prod(tensor.shape)} elements, {len(values)} came",
            param="inputs[0].shape",
        )
    return values


def _flat(data: list[Any]) -> list[Any]:
    """`[["a"], ["b"]]` and `["a", "b"]` are the same tensor."""
    if data and all(isinstance(row, list) and len(row) == 1 for row in data):
        return [row[0] for row in data]
    return data


def _read_binary(content: memoryview) -> list[str]:
    texts: list[str] = []
    position, end = 0, len(content)
    while position < end:
        start = position + _LENGTH.size
        if start > end:
            raise InvalidRequest("the binary tensor ends within a length", param="inputs[0]")
        position = start + _LENGTH.unpack_from(content, position)[0]
        if position > end:
            raise InvalidRequest("the binary tensor ends within an element", param="inputs[0]")
        try:
            texts.append(str(content[start:position], "utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest(
                f"element {len(texts)} is not UTF-8: {error.reason} at byte {error.start}",
                param=f"inputs[0].data[{len(texts)}]",
            ) from error
    return texts


def float_output(name: str, values: FloatArray, *, binary: bool) -> tuple[OutputTensor, bytes]:
    """An FP32 output and the bytes that follow the JSON."""
    shape = list(values.shape)
    if not binary:
        data = values.ravel().tolist()
        return OutputTensor(name=name, datatype="FP32", shape=shape, data=data), b""
    content = values.astype("<f4", copy=False).tobytes()
    return _binary(name, "FP32", shape, content), content


def label_output(name: str, labels: Sequence[str], *, binary: bool) -> tuple[OutputTensor, bytes]:
    """A BYTES output `[n]` and the bytes that follow the JSON."""
    if not binary:
        return OutputTensor(
            name=name, datatype="BYTES", shape=[len(labels)], data=list(labels)
        ), b""
    encoded = [label.encode() for label in labels]
    content = b"".join(_LENGTH.pack(len(label)) + label for label in encoded)
    return _binary(name, "BYTES", [len(labels)], content), content


def _binary(name: str, datatype: str, shape: list[int], content: bytes) -> OutputTensor:
    return OutputTensor(
        name=name, datatype=datatype, shape=shape, parameters={"binary_data_size": len(content)}
    )
