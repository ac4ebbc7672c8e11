"""`infer`: texts in a BYTES tensor to probabilities and labels, or to embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.api.body import decode_json
from cuebox.api.messages import BINARY, Request, Response
from cuebox.api.tensors import (
    InferRequest,
    InferResponse,
    InputTensor,
    OutputTensor,
    RequestedOutput,
    float_output,
    label_output,
    read_texts,
)
from cuebox.core.errors import InvalidRequest

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray
    from cuebox.serving.requests import ModelInfo

__all__ = ["infer"]

_decoder = msgspec.json.Decoder(InferRequest)
_encode = msgspec.json.Encoder().encode


async def infer(request: Request) -> Response:
    """Run one model; the binary extension is used in each direction where it is asked for."""
    request.model = request.path_params["model"]
    head, binary = _split(request)
    asked = decode_json(_decoder, head)
    texts = read_texts(*_only_input(asked, binary))
    request.rows = len(texts)
    info, values, _ = await request.service.probabilities(
        request.model,
        request.path_params.get("version"),
        texts,
        timings=request.timings,
        deadline=request.deadline(),
    )
    outputs, tails = _outputs(asked, info, values)
    answer = _encode(
        InferResponse(
            model_name=info.name, model_version=info.version, id=asked.id, outputs=outputs
        )
    )
    if not any("binary_data_size" in output.parameters for output in outputs):
        return Response(answer)
    return Response(
        b"".join((answer, *tails)),
        content_type=BINARY,
        headers=[(b"inference-header-content-length", b"%d" % len(answer))],
    )


def _split(request: Request) -> tuple[bytes, memoryview]:
    """The JSON and the binary tensors after it."""
    body = request.body
    length = request.headers.get(b"inference-header-content-length")
    if length is None:
        return body, memoryview(b"")
    if not length.isdigit() or len(length) > 12 or int(length) > len(body):
        raise InvalidRequest(
            f"Inference-Header-Content-Length must be a number up to the body's {len(body)} bytes",
            param="Inference-Header-Content-Length",
        )
    return body[: int(length)], memoryview(body)[int(length) :]


def _only_input(asked: InferRequest, binary: memoryview) -> tuple[InputTensor, memoryview | None]:
    tensor = asked.inputs[0]
    if len(asked.inputs) != 1 or tensor.name != "text":
        names = ", ".join(repr(item.name[:40]) for item in asked.inputs[:8])
        raise InvalidRequest(f"send one input named 'text', not {names}", param="inputs")
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        if binary:
            raise InvalidRequest(
                "bytes follow the JSON but no input has `binary_data_size`", param="inputs[0]"
            )
        return tensor, None
    if not isinstance(size, int) or size != len(binary):
        raise InvalidRequest(
            f"binary_data_size is {size!r:.40} and {len(binary)} bytes follow the JSON",
            param="inputs[0].parameters.binary_data_size",
        )
    return tensor, binary


def _outputs(
    asked: InferRequest, info: ModelInfo, values: FloatArray
) -> tuple[list[OutputTensor], list[bytes]]:
    available = ("probabilities", "label") if info.labels else ("embedding",)
    default = asked.parameters.get("binary_data_output") is True
    wanted = asked.outputs or [RequestedOutput(name=name) for name in available]
    made = []
    for index, output in enumerate(wanted):
        binary = output.parameters.get("binary_data", default) is True
        if output.name not in available:
            raise InvalidRequest(
                f"model {info.name!r} has no output {output.name[:80]!r}: "
                f"it has {', '.join(available)}",
                param=f"outputs[{index}].name",
            )
        if output.name == "label":
            best = values.argmax(axis=1).tolist() if len(values) else []
            made.append(label_output("label", [info.labels[i] for i in best], binary=binary))
        else:
            made.append(float_output(output.name, values, binary=binary))
    return [tensor for tensor, _ in made], [tail for _, tail in made]
