"""The Open Inference Protocol v2, which KServe and Triton clients speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from cuebox import __version__
from cuebox.api.body import decode_json
from cuebox.api.endpoints.oip_infer import infer
from cuebox.api.messages import Request, Response
from cuebox.api.routing import Handler, Operation, Route, Scope
from cuebox.api.tensors import InferRequest, InferResponse
from cuebox.core.errors import (
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)

if TYPE_CHECKING:
    from cuebox.core.errors import CueboxError
    from cuebox.serving.requests import ModelInfo

__all__ = ["ROUTES"]

_encode = msgspec.json.Encoder().encode


class ServerMetadata(msgspec.Struct):
    """Who answers."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(msgspec.Struct):
    """An input or output; -1 stands for any size."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(msgspec.Struct):
    """A model as a function from tensors to tensors."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerLive(msgspec.Struct):
    """The server answers."""

    live: bool


class ServerReady(msgspec.Struct):
    """Every model may be asked."""

    ready: bool


class ModelReady(msgspec.Struct):
    """The model may be asked."""

    name: str
    ready: bool


class IndexRequest(msgspec.Struct):
    """What to list."""

    ready: bool = False


class IndexEntry(msgspec.Struct):
    """A served model."""

    name: str
    version: str
    state: Literal["READY"]
    reason: str = ""


_index_decoder = msgspec.json.Decoder(IndexRequest)
_METADATA = _encode(
    ServerMetadata("cuebox", __version__, ["binary_tensor_data", "model_repository"])
)


async def _server(_request: Request) -> Response:
    return Response(_METADATA)


async def _live(_request: Request) -> Response:
    return Response(_encode(ServerLive(live=True)))


async def _ready(request: Request) -> Response:
    ready = request.readiness().ready
    return Response(_encode(ServerReady(ready=ready)), status=200 if ready else 503)


async def _model(request: Request) -> Response:
    info = _info(request)
    inputs = [TensorMetadata("text", "BYTES", [-1])] if _is_of_tensors(info) else []
    platform = f"cuebox_{info.kind}"
    return Response(
        _encode(ModelMetadata(info.name, [info.version], platform, inputs, _outputs(info)))
    )


def _is_of_tensors(info: ModelInfo) -> bool:
    """Models of completions and replies are no functions of tensors: listed, and asked elsewhere."""
    return not info.decoder and info.kind != "reply"


def _outputs(info: ModelInfo) -> list[TensorMetadata]:
    if not _is_of_tensors(info):
        return []
    if not info.labels:
        return [TensorMetadata("embedding", "FP32", [-1, info.dim])]
    return [
        TensorMetadata("probabilities", "FP32", [-1, len(info.labels)]),
        TensorMetadata("label", "BYTES", [-1]),
    ]


async def _model_ready(request: Request) -> Response:
    info = _info(request)
    ready = request.readiness().state != "draining"
    return Response(_encode(ModelReady(info.name, ready)), status=200 if ready else 503)


async def _index(request: Request) -> Response:
    decode_json(_index_decoder, request.body or b"{}")
    return Response(
        _encode([IndexEntry(i.name, i.version, "READY") for i in request.service.models()])
    )


def _info(request: Request) -> ModelInfo:
    request.model = request.path_params["model"]
    return request.service.model(request.model, request.path_params.get("version"))


def _route(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    response: Any,  # noqa: ANN401 - any type msgspec has a schema for
    *,
    request: Any = None,  # noqa: ANN401
    scope: Scope | None = "predict",
    errors: tuple[type[CueboxError], ...] = (),
    statuses: tuple[int, ...] = (),
) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        scope=scope,
        dialect="oip",
        takes_body=method == "POST",
        operation=Operation(
            summary=summary,
            tag="Open Inference Protocol",
            request=request,
            response=response,
            errors=errors,
            statuses=statuses,
            examples=_INFER_EXAMPLE if request is InferRequest else {},
        ),
    )


_INFER_EXAMPLE = {
    "texts": {
        "inputs": [
            {
                "name": "text",
                "shape": [2],
                "datatype": "BYTES",
                "data": ["my card has not arrived yet", "play some jazz"],
            }
        ]
    }
}


def _model_routes(prefix: str, which: str) -> tuple[Route, ...]:
    unknown = (UnknownModel,)
    heavy = (UnknownModel, PayloadTooLarge, Overloaded, Unavailable, DeadlineExceeded)
    return (
        _route("GET", prefix, _model, f"Describe {which}", ModelMetadata, errors=unknown),
        _route(
            "GET",
            f"{prefix}/ready",
            _model_ready,
            f"{which.capitalize()} may be asked",
            ModelReady,
            errors=unknown,
            statuses=(503,),
        ),
        _route(
            "POST",
            f"{prefix}/infer",
            infer,
            f"Run {which}",
            InferResponse,
            request=InferRequest,
            errors=heavy,
        ),
    )


ROUTES = (
    _route("GET", "/v2", _server, "Describe the server", ServerMetadata),
    _route("GET", "/v2/health/live", _live, "The process answers", ServerLive, scope=None),
    _route(
        "GET",
        "/v2/health/ready",
        _ready,
        "The server should get traffic",
        ServerReady,
        scope=None,
        statuses=(503,),
    ),
    _route(
        "POST",
        "/v2/repository/index",
        _index,
        "List served models",
        list[IndexEntry],
        request=IndexRequest,
    ),
    *_model_routes("/v2/models/{model}", "a model"),
    *_model_routes("/v2/models/{model}/versions/{version}", "one version of a model"),
)
