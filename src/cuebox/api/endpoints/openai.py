"""OpenAI's dialect: embeddings and the list of models."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from cuebox.api.body import check_json, decode_json
from cuebox.api.messages import Request, Response
from cuebox.api.pieces import in_pieces
from cuebox.api.routing import Operation, Route
from cuebox.core.errors import (
    DeadlineExceeded,
    Overloaded,
    PayloadTooLarge,
    Unavailable,
    UnknownModel,
)
from cuebox.serving.requests import EmbedRequest, EmbedResult, ModelInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.types import FloatArray

__all__ = ["ROUTES"]

_decoder = msgspec.json.Decoder(EmbedRequest)
_encode = msgspec.json.Encoder().encode
_ROWS_AT_ONCE = 64


class Embedding(msgspec.Struct, omit_defaults=True):
    """The embedding of one input: floats, or base64 of little-endian float32."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"
    truncated: bool = False


class EmbeddingUsage(msgspec.Struct):
    """Encoder tokens of all inputs, and the inputs answered from the cache."""

    prompt_tokens: int
    total_tokens: int
    cached_rows: int


class EmbeddingList(msgspec.Struct, kw_only=True):
    """Embeddings in the order of the input."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


class Model(msgspec.Struct, kw_only=True):
    """A served model: OpenAI's fields, then what cuebox knows of it.

    Attributes:
        encoder: digest of the encoder that a classifier reads through; models with the same one
            share its memory and its work. Empty for a completion model.
        decoder: digest of a completion model's decoder; empty for every other.
        max_tokens: tokens it reads at most; a completion model's prompt and answer together.
        opening: what a completion model's prompt begins with where nothing was said before, as
            `<|agent|>` of one that learnt conversations; else empty.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "cuebox"
    version: str
    kind: str
    task: str
    labels: list[str]
    encoder: str
    decoder: str
    dim: int
    max_tokens: int
    opening: str
    metrics: dict[str, float]


class ModelList(msgspec.Struct, kw_only=True):
    """Every served model."""

    object: Literal["list"] = "list"
    data: list[Model]


async def _embeddings(request: Request) -> Response:
    check_json(request)
    asked = decode_json(_decoder, request.body)
    request.model = asked.model
    result = await request.service.embed(
        asked, timings=request.timings, deadline=request.deadline()
    )
    request.rows = len(result.embeddings)
    usage = _encode(EmbeddingUsage(result.tokens, result.tokens, result.cached_rows))
    after = b',"model":' + _encode(result.model) + b',"usage":' + usage + b"}"
    before = b'{"object":"list","data":'
    encode = _row_encoder(result, as_text=asked.encoding_format == "base64")
    if request.rows <= _ROWS_AT_ONCE:
        return Response(before + encode(result.embeddings, 0) + after)
    return Response(
        pieces=in_pieces(result.embeddings, encode, before=before, after=after, size=_ROWS_AT_ONCE)
    )


def _row_encoder(result: EmbedResult, *, as_text: bool) -> Callable[[Sequence[Any], int], bytes]:
    truncated = frozenset(result.truncated)

    def encode(rows: Sequence[Any], start: int) -> bytes:
        # `object` first, as people expect it when they read an answer.
        return _encode(
            [
                {"object": "embedding", "index": index, "embedding": vector}
                | ({"truncated": True} if index in truncated else {})
                for index, vector in enumerate(map(_text if as_text else _floats, rows), start)
            ]
        )

    return encode


def _text(row: FloatArray) -> str:
    return base64.b64encode(row.astype("<f4", copy=False).tobytes()).decode("ascii")


def _floats(row: FloatArray) -> list[float]:
    values: list[float] = row.tolist()
    return values


async def _models(request: Request) -> Response:
    return Response(_encode(ModelList(data=[_model(info) for info in request.service.models()])))


async def _one_model(request: Request) -> Response:
    request.model = request.path_params["model"]
    return Response(_encode(_model(request.service.model(request.model))))


def _model(info: ModelInfo) -> Model:
    return Model(
        id=info.name,
        created=_unix_seconds(info.created),
        version=info.version,
        kind=info.kind,
        task=info.task,
        labels=info.labels,
        encoder=info.encoder,
        decoder=info.decoder,
        dim=info.dim,
        max_tokens=info.max_tokens,
        opening=info.opening,
        metrics=info.metrics,
    )


def _unix_seconds(moment: str) -> int:
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except ValueError:
        return 0


ROUTES = (
    Route(
        method="POST",
        path="/v1/embeddings",
        handler=_embeddings,
        takes_body=True,
        operation=Operation(
            summary="Embed texts",
            tag="Embeddings",
            description=(
                "OpenAI's request and answer; the `openai` client works unchanged. `input` is a "
                "text, a list of texts, token ids, or a list of token ids. A text over the "
                "encoder's length is cut and marked `truncated`, or refused with "
                "`truncate: error`."
            ),
            request=EmbedRequest,
            response=EmbeddingList,
            errors=(PayloadTooLarge, UnknownModel, Overloaded, Unavailable, DeadlineExceeded),
            examples={"texts": {"model": "minilm", "input": ["a red car", "a crimson automobile"]}},
        ),
    ),
    Route(
        method="GET",
        path="/v1/models",
        handler=_models,
        operation=Operation(summary="List models", tag="Models", response=ModelList),
    ),
    Route(
        method="GET",
        path="/v1/models/{model}",
        handler=_one_model,
        operation=Operation(
            summary="Describe a model", tag="Models", response=Model, errors=(UnknownModel,)
        ),
    ),
)
