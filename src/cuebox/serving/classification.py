"""One classify request: each distinct text through each encoder once, then all heads at once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import CueboxError, InvalidRequest
from cuebox.core.types import ClassifyOptions, Embedded
from cuebox.serving.requests import ClassifyResponse, ClassifyUsage, RowError, RowResult
from cuebox.serving.rows import check_rows, check_text, row_param

if TYPE_CHECKING:
    from cuebox.core.ports import HeadBank
    from cuebox.core.types import Classification
    from cuebox.serving.catalog import Catalog, Plan, TextModel
    from cuebox.serving.requests import ClassifyRequest, Timings
    from cuebox.serving.rows import Rows
    from cuebox.serving.settings import ServingSettings
    from cuebox.serving.trunk import Embeddings

__all__ = ["classify"]

# Rows per pass over the heads: enough to be efficient, few enough not to hold the event loop.
_HEAD_ROWS = 128


async def classify(
    catalog: Catalog,
    request: ClassifyRequest,
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
) -> ClassifyResponse:
    """Answer one request from one catalog; see `ClassifyRequest`.

    Raises:
        InvalidRequest: a bad row, unless the request asks for errors per row.
        UnknownModel: a model is not served.
        Overloaded, DeadlineExceeded: as the trunk says.
    """
    plan = catalog.plan(request.model)
    if isinstance(request.input, str):
        return await _classify_text(
            catalog, request, plan, settings, timings=timings, deadline=deadline
        )
    answer = _Answer(request)
    for members in plan.groups:
        served = catalog.text_model(members[0])
        rows = check_rows(
            request.input,
            served.predictor.prepare,
            max_rows=settings.max_rows,
            max_chars=settings.max_text_chars,
            collect=answer.collect,
        )
        answer.errors |= rows.errors
        found = await served.trunk.embed(
            rows.texts,
            timings=timings,
            deadline=deadline,
            keep_whole=request.truncate == "error",
        )
        good = answer.take(rows, found)
        await _run_heads(catalog, members, good, answer, timings)
    return answer.response(plan.names, [name for members in plan.groups for name in members])


async def _classify_text(
    catalog: Catalog,
    request: ClassifyRequest,
    plan: Plan,
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
) -> ClassifyResponse:
    """A single text, the most frequent request, without the bookkeeping of rows."""
    options = ClassifyOptions(request.top_k, request.threshold)
    by_model: dict[str, Classification] = {}
    tokens = cached = 0
    truncated = False
    try:
        for members in plan.groups:
            served = catalog.text_model(members[0])
            text = check_text(request.input, served.predictor.prepare, settings.max_text_chars)
            outcome, hit = await served.trunk.embed_one(
                text,
                timings=timings,
                deadline=deadline,
                keep_whole=request.truncate == "error",
            )
            if isinstance(outcome, CueboxError):
                raise outcome
            started = time.monotonic()
            (results,) = _bank(served).classify(outcome.vector[np.newaxis], members, options)
            timings.head += time.monotonic() - started
            by_model.update(zip(members, results, strict=True))
            tokens += outcome.tokens
            cached += hit
            truncated |= outcome.truncated
    except InvalidRequest as error:
        error.param = row_param(0, single=True)
        if request.on_error == "fail":
            raise
        row = RowResult(0, error=RowError(error.message, error.code, error.param))
        return ClassifyResponse(data=[row], usage=ClassifyUsage(1, tokens, cached))
    row = RowResult(0, [by_model[name] for name in plan.names], truncated=truncated)
    return ClassifyResponse(data=[row], usage=ClassifyUsage(1, tokens, cached))


def _bank(served: TextModel) -> HeadBank:
    if served.bank is None:
        raise InvalidRequest(f"model {served.info.name!r} is not a classifier", param="model")
    return served.bank


async def _run_heads(
    catalog: Catalog,
    members: list[str],
    good: list[tuple[int, Embedded]],
    answer: _Answer,
    timings: Timings,
) -> None:
    bank = _bank(catalog.text_model(members[0]))
    for start in range(0, len(good), _HEAD_ROWS):
        if start:
            await asyncio.sleep(0)
        started = time.monotonic()
        part = good[start : start + _HEAD_ROWS]
        matrix = Embedded.stack([row for _, row in part])
        for (index, _), results in zip(
            part, bank.classify(matrix, members, answer.options), strict=True
        ):
            answer.add(index, results)
        timings.head += time.monotonic() - started


class _Answer:
    """Gathers the rows of one response."""

    def __init__(self, request: ClassifyRequest) -> None:
        self.options = ClassifyOptions(request.top_k, request.threshold)
        self.collect = request.on_error == "row"
        self.errors: dict[int, CueboxError] = {}
        self._rows = len(request.input)
        self._results: dict[int, list[Classification]] = {}
        self._truncated: set[int] = set()
        self._tokens = 0
        self._cached = 0

    def take(self, rows: Rows, found: Embeddings) -> list[tuple[int, Embedded]]:
        """The rows that were embedded; the others become errors, or raise."""
        good = []
        for index, outcome in zip(rows.indices, found.rows, strict=True):
            if isinstance(outcome, Embedded):
                good.append((index, outcome))
                self._tokens += outcome.tokens
                if outcome.truncated:
                    self._truncated.add(index)
            else:
                self._fail(index, outcome)
        self._cached += found.cached
        return good

    def add(self, index: int, results: list[Classification]) -> None:
        """Results of one group of models for one row."""
        known = self._results.get(index)
        self._results[index] = results if known is None else known + results

    def response(self, names: list[str], computed: list[str]) -> ClassifyResponse:
        """Rows in the order of the input; models in the order asked, not `computed`."""
        order = None if computed == names else [computed.index(name) for name in names]
        data = [self._row(index, order) for index in range(self._rows)]
        return ClassifyResponse(
            data=data, usage=ClassifyUsage(self._rows, self._tokens, self._cached)
        )

    def _row(self, index: int, order: list[int] | None) -> RowResult:
        error = self.errors.get(index)
        if error is not None:
            return RowResult(
                index, error=RowError(error.message, error.code, error.param or "input")
            )
        results = self._results[index]
        if order is not None:
            results = [results[position] for position in order]
        return RowResult(index, results, truncated=index in self._truncated)

    def _fail(self, index: int, error: CueboxError) -> None:
        if isinstance(error, InvalidRequest):
            error.param = row_param(index, single=False)
            if self.collect:
                self.errors[index] = error
                return
        raise error
