"""What the server did in a window of time, ready to be drawn; `monitor_view` makes it."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "Curves",
    "Live",
    "ModelFigures",
    "Monitor",
    "Phase",
    "Suggested",
    "Timeline",
    "Window",
]

Window = Literal["hour", "start"]


class Live(msgspec.Struct, kw_only=True):
    """This moment.

    Attributes:
        in_flight: requests being answered, this one apart.
        rows: texts being answered.
        queued: jobs that wait for an encoder, and requests that wait for a language model.
        generating: requests that a language model works on.
    """

    in_flight: int
    rows: int
    queued: int
    generating: int


class Phase(msgspec.Struct, kw_only=True):
    """How long a part of the work took, in milliseconds; empty where it never happened."""

    phase: str
    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None


class ModelFigures(msgspec.Struct, kw_only=True):
    """What one model did.

    Attributes:
        rows: texts classified or embedded, or conversations answered.
        refused: requests with a mistake in them, or for which there was no room.
        errors: requests that failed here.
        cached_tokens: of the prompt tokens, those that were remembered.
        first_token: milliseconds until the first token; null for a model that has none.
        requests_per_second: for each column of the timeline.
    """

    model: str
    kind: str
    requests: int
    rows: int
    refused: int
    errors: int
    completions: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    first_token: Phase | None
    requests_per_second: list[float]


class Curves(msgspec.Struct, kw_only=True):
    """A phase over time, in milliseconds; null where it never happened."""

    p50: list[float | None]
    p90: list[float | None]
    p99: list[float | None]


class Timeline(msgspec.Struct, kw_only=True):
    """Columns of time, oldest first; every list has one entry for each.

    Attributes:
        until: end of the column, Unix seconds.
        seconds: its length.
        requests, refused, errors: a second.
        in_flight, queued: the most there were at once, looked at once a second.
        hit_ratio: share of texts whose embedding was remembered; null where none was looked up.
        phases: by name.
    """

    until: list[float]
    seconds: list[float]
    requests: list[float]
    refused: list[float]
    errors: list[float]
    in_flight: list[int]
    queued: list[int]
    hit_ratio: list[float | None]
    phases: dict[str, Curves]


class Suggested(msgspec.Struct, frozen=True):
    """What came of asking a source of suggestions: `shown`, `none`, `late` or `failed`."""

    source: str
    outcome: str
    count: int


class Monitor(msgspec.Struct, kw_only=True):
    """What the server did, all its processes together.

    Attributes:
        started, now: Unix seconds.
        seconds: how long the window is.
        requests: those that a model answers; not those of probes, pages and this one.
        refused: answered with 4xx, those over a rate or a queue included.
        errors: answered with 5xx.
        hit_ratio: share of texts whose embedding was remembered.
        token_hit_ratio: share of prompt tokens that a language model remembered.
    """

    window: Window
    started: float
    now: float
    seconds: float
    live: Live
    requests: int
    refused: int
    errors: int
    hit_ratio: float | None
    token_hit_ratio: float | None
    phases: list[Phase]
    models: list[ModelFigures]
    suggestions: list[Suggested]
    timeline: Timeline
