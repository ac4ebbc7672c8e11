"""One embeddings request, and a model as a plain function from texts to a tensor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import InvalidRequest, PayloadTooLarge
from cuebox.core.types import Embedded
from cuebox.serving.requests import EmbedResult
from cuebox.serving.rows import check_rows, row_param

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray
    from cuebox.serving.catalog import Catalog, TextModel
    from cuebox.serving.requests import EmbedRequest, Timings
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.trunk import Embeddings

__all__ = ["embed", "tensor"]


async def embed(
    catalog: Catalog,
    request: EmbedRequest,
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
) -> EmbedResult:
    """Embed texts or token ids with an encoder; see `EmbedRequest`.

    Raises:
        InvalidRequest: the model is no encoder, a row is bad, or too many dimensions are asked.
        UnknownModel: the model is not served.
        Overloaded, DeadlineExceeded: as the trunk says.
    """
    served = catalog.text_model(request.model)
    if served.bank is not None:
        raise InvalidRequest(
            f"model {request.model!r} is a classifier: ask /v1/classify for it", param="model"
        )
    if request.dimensions is not None and request.dimensions > served.info.dim:
        raise InvalidRequest(
            f"the encoder has {served.info.dim} dimensions, {request.dimensions} were asked",
            param="dimensions",
        )
    ids = _token_rows(request.input, settings.max_rows, served.info.max_tokens)
    if ids is not None:
        found = await served.trunk.embed_ids(ids, timings=timings, deadline=deadline)
    else:
        found = await _embed_texts(
            served,
            request.input,
            settings,
            timings=timings,
            deadline=deadline,
            keep_whole=request.truncate == "error",
        )
    good = _all_good(found, single=isinstance(request.input, str))
    return EmbedResult(
        model=request.model,
        embeddings=_cut(Embedded.stack(good), request.dimensions),
        tokens=sum(row.tokens for row in good),
        cached_rows=found.cached,
        truncated=[index for index, row in enumerate(good) if row.truncated],
    )


async def tensor(
    served: TextModel,
    texts: Sequence[Any],
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
) -> tuple[FloatArray, list[int]]:
    """What a model says of texts, as a tensor.

    Returns:
        float32 `[rows, labels]` calibrated probabilities for a classifier, `[rows, dim]`
        embeddings for an encoder; and the tokens read per row.
    """
    found = await _embed_texts(
        served, texts, settings, timings=timings, deadline=deadline, keep_whole=False
    )
    good = _all_good(found, single=False)
    matrix = Embedded.stack(good)
    started = time.monotonic()
    if served.bank is not None:
        matrix = served.bank.probabilities(matrix, served.info.name)
    timings.head += time.monotonic() - started
    return matrix, [row.tokens for row in good]


async def _embed_texts(
    served: TextModel,
    texts: str | Sequence[Any],
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
    keep_whole: bool,
) -> Embeddings:
    rows = check_rows(
        texts,
        served.predictor.prepare,
        max_rows=settings.max_rows,
        max_chars=settings.max_text_chars,
        collect=False,
    )
    return await served.trunk.embed(
        rows.texts, timings=timings, deadline=deadline, keep_whole=keep_whole
    )


def _all_good(found: Embeddings, *, single: bool) -> list[Embedded]:
    good = []
    for index, outcome in enumerate(found.rows):
        if not isinstance(outcome, Embedded):
            if isinstance(outcome, InvalidRequest):
                outcome.param = row_param(index, single=single)
            raise outcome
        good.append(outcome)
    return good


def _token_rows(
    values: str | Sequence[Any], max_rows: int, max_tokens: int
) -> list[list[int]] | None:
    """Token ids, when that is what the input is made of; None for texts."""
    if isinstance(values, str) or not values or not isinstance(values[0], int | list):
        return None
    rows = [list(values)] if isinstance(values[0], int) else list(values)
    if len(rows) > max_rows:
        raise PayloadTooLarge(f"input has {len(rows)} rows, the most is {max_rows}", param="input")
    for index, row in enumerate(rows):
        _check_ids(row, max_tokens, f"input[{index}]")
    return rows


def _check_ids(row: object, max_tokens: int, param: str) -> None:
    if not isinstance(row, list) or not row or not all(type(item) is int for item in row):
        raise InvalidRequest("expected texts, or lists of token ids", param=param)
    if min(row) < 0:
        raise InvalidRequest(f"{min(row)} is not a token id", param=param)
    if len(row) > max_tokens:
        raise InvalidRequest(
            f"{len(row)} token ids were sent, the encoder reads {max_tokens}", param=param
        )


def _cut(matrix: FloatArray, dimensions: int | None) -> FloatArray:
    if dimensions is None:
        return matrix
    part = matrix[:, :dimensions]
    norms = np.linalg.norm(part, axis=1, keepdims=True)
    unit: FloatArray = part / np.maximum(norms, np.float32(1e-30))
    return unit
