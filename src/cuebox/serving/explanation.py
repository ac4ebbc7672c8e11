"""One explain request: the text without each of its words, through each encoder once."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest
from cuebox.core.types import Embedded
from cuebox.serving.batch import too_long
from cuebox.serving.explain_requests import ExplainResponse, ExplainUsage, Explanation, WordEffect
from cuebox.serving.rows import check_chars
from cuebox.serving.words import Span, find_words, join_neighbours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.core.types import FloatArray
    from cuebox.serving.catalog import Catalog, TextModel
    from cuebox.serving.explain_requests import ExplainRequest
    from cuebox.serving.requests import Timings
    from cuebox.serving.settings import ServingSettings

__all__ = ["explain", "most_runs"]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as one encoder reads it, and what is left out of it.

    Attributes:
        text: the input, without what lies behind the part that is read.
        prepared: `text` as the encoder gets it, then the same without each span.
        truncated: whether the encoder reads less than the whole input.
    """

    text: str
    spans: Sequence[Span]
    prepared: Sequence[str]
    truncated: bool


def most_runs(text: str, settings: ServingSettings) -> int:
    """Most texts that one encoder will read to explain `text`."""
    return 1 + min(len(text), settings.explain.max_spans)


async def explain(
    catalog: Catalog,
    request: ExplainRequest,
    settings: ServingSettings,
    *,
    timings: Timings,
    deadline: float,
) -> ExplainResponse:
    """Answer one request from one catalog; see `ExplainRequest`.

    Every text is encoded alone and past the cache: an answer does not depend on what else the
    server does, and texts that nobody wrote push nothing out.

    Raises:
        InvalidRequest: an empty, too long or broken text, a model that is no classifier, or a
            label that a model does not have.
        UnknownModel: a model is not served.
        Overloaded, DeadlineExceeded: as the trunk says.
    """
    check_chars(request.input, settings.max_text_chars, "input")
    plan = catalog.plan(request.model)
    labels = _labels_asked(request.label, plan.names)
    columns = {name: _column(catalog.text_model(name), labels) for name in plan.names}
    found: dict[str, Explanation] = {}
    usage = ExplainUsage(0, 0)
    truncated = False
    for members in plan.groups:
        served = catalog.text_model(members[0])
        reading = await _read(served, request, settings, timings)
        matrix = await _embed(served, reading, usage, timings=timings, deadline=deadline)
        started = time.monotonic()
        for name in members:
            model = catalog.text_model(name)
            found[name] = _explanation(model, columns[name], matrix, reading)
        timings.head += time.monotonic() - started
        truncated |= reading.truncated
    return ExplainResponse(
        data=[found[name] for name in plan.names], truncated=truncated, usage=usage
    )


def _labels_asked(asked: str | dict[str, str] | None, names: Sequence[str]) -> Mapping[str, str]:
    """The label to explain by model; a model that is missing explains its best one."""
    if asked is None:
        return {}
    if isinstance(asked, str):
        return dict.fromkeys(names, asked)
    for name in asked:
        if name not in names:
            raise InvalidRequest(
                f"label names the model {name[:130]!r}, which is not among those asked",
                param="label",
            )
    return asked


def _column(model: TextModel, labels: Mapping[str, str]) -> int | None:
    """The place of the label asked for; None where none is."""
    name, known = model.info.name, model.info.labels
    label = labels.get(name)
    if label is None:
        return None
    if label not in known:
        few = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        raise InvalidRequest(
            f"model {name!r} has no label {label[:130]!r}: its labels are {few}", param="label"
        )
    return known.index(label)


async def _read(
    served: TextModel, request: ExplainRequest, settings: ServingSettings, timings: Timings
) -> _Reading:
    started = time.monotonic()
    # In a thread: Python looks at every character, and a text may have very many.
    reading = await asyncio.to_thread(
        _plan_reading,
        served,
        request.input,
        settings.explain.max_spans,
        keep_whole=request.truncate == "error",
    )
    timings.tokenize += time.monotonic() - started
    return reading


def _plan_reading(served: TextModel, text: str, max_spans: int, *, keep_whole: bool) -> _Reading:
    prepare = served.predictor.prepare
    whole = prepare(text)
    if not whole:
        raise InvalidRequest("the text is empty", param="input")
    tokens = served.trunk.tokenize(whole)
    if not tokens.truncated:
        words = list(find_words(text))
    elif keep_whole:
        error = too_long(tokens.total, len(tokens.ids))
        error.param = "input"
        raise error
    else:
        # A word is a token at least, so those that are read are among the first so many.
        words = list(islice(find_words(text), len(tokens.ids)))
        last = _last_read(served, text, words)
        if last < len(words):
            # Else the words behind would move up into the place of one that is left out.
            words, text = words[: last + 1], text[: words[last].end]
    spans = join_neighbours(words, max_spans)
    without = [prepare(text[: span.start] + text[span.end :]) for span in spans]
    return _Reading(text, spans, [prepare(text), *without], tokens.truncated)


def _last_read(served: TextModel, text: str, words: Sequence[Span]) -> int:
    """The place of the word at which the encoder's length is over; as many as there are if none."""
    prepare, trunk = served.predictor.prepare, served.trunk
    ends = [word.end for word in words]
    return bisect_left(ends, x=True, key=lambda end: trunk.tokenize(prepare(text[:end])).truncated)


async def _embed(
    served: TextModel,
    reading: _Reading,
    usage: ExplainUsage,
    *,
    timings: Timings,
    deadline: float,
) -> FloatArray:
    """Float32 `[1 + spans, dim]`: of the whole text, then of the text without each span."""
    found = await served.trunk.embed_alone(reading.prepared, timings=timings, deadline=deadline)
    good = []
    for outcome in found.rows:
        if not isinstance(outcome, Embedded):
            raise outcome
        good.append(outcome)
    usage.rows += len(good)
    usage.tokens += sum(row.tokens for row in good)
    return Embedded.stack(good)


def _explanation(
    model: TextModel, column: int | None, matrix: FloatArray, reading: _Reading
) -> Explanation:
    if model.bank is None:
        raise InvalidRequest(f"model {model.info.name!r} is not a classifier", param="model")
    scores = model.bank.probabilities(matrix, model.info.name)
    label = int(scores[0].argmax()) if column is None else column
    odds = model.bank.log_odds(matrix, model.info.name, label)
    whole = float(scores[0, label])
    effects = (whole - scores[1:, label].astype(float)).round(6).tolist()
    changes = (float(odds[0]) - odds[1:].astype(float)).round(4).tolist()
    return Explanation(
        model=model.info.name,
        version=model.info.version,
        label=model.info.labels[label],
        score=round(whole, 6),
        words=[
            WordEffect(start, end, reading.text[start:end], effect, change)
            for (start, end), effect, change in zip(reading.spans, effects, changes, strict=True)
        ],
    )
