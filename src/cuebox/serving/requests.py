"""Requests and answers of the service, free of any transport; the wire is their JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from cuebox.core.types import Classification

__all__ = [
    "ClassifyRequest",
    "ClassifyResponse",
    "ClassifyUsage",
    "EmbedRequest",
    "EmbedResult",
    "ModelInfo",
    "Readiness",
    "RowError",
    "RowResult",
    "Timings",
]

TopK = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Probability = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=130)]


class Timings(msgspec.Struct):
    """Where one request's time went, in seconds; sums over its rows, so they may overlap.

    Attributes:
        queue: waiting for a free encoder worker.
        tokenize: text to token ids.
        cache: looking embeddings up.
        encode: running the encoder.
        head: running heads, or ranking replies, and shaping the answer.
        reply: ranking replies in all, from the request to the last of them.
        completion: waiting for an inline completion.
    """

    queue: float = 0.0
    tokenize: float = 0.0
    cache: float = 0.0
    encode: float = 0.0
    head: float = 0.0
    reply: float = 0.0
    completion: float = 0.0


class ClassifyRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Classify one or many texts with one or many models.

    Attributes:
        model: a served model, several, or `"*"` for every classifier.
        input: a text, or a list of texts.
        top_k: how many labels per model, best first.
        threshold: hide labels below this probability; for a multi-label model it replaces the
            labels' own thresholds.
        truncate: what to do with a text over the encoder's length: `end` cuts and marks the
            row `truncated`, `error` refuses it.
        on_error: `fail` refuses the request at the first bad row, `row` answers the good rows
            and gives each bad one its own error.
    """

    model: Name | Annotated[list[Name], msgspec.Meta(min_length=1, max_length=256)]
    input: str | list[Any]
    top_k: TopK | None = None
    threshold: Probability | None = None
    truncate: Literal["end", "error"] = "end"
    on_error: Literal["fail", "row"] = "fail"


class RowError(msgspec.Struct, frozen=True):
    """Why one row has no answer."""

    message: str
    code: str
    param: str


class RowResult(msgspec.Struct, omit_defaults=True):
    """The answer for one input text; either `results` or `error` is present."""

    index: int
    results: list[Classification] | None = None
    error: RowError | None = None
    truncated: bool = False


class ClassifyUsage(msgspec.Struct):
    """What the request cost: rows, encoder tokens, and rows answered from the cache."""

    rows: int
    tokens: int
    cached_rows: int


class ClassifyResponse(msgspec.Struct, kw_only=True):
    """Answers in the order of the input."""

    object: Literal["list"] = "list"
    data: list[RowResult]
    usage: ClassifyUsage


class EmbedRequest(msgspec.Struct, kw_only=True):
    """The OpenAI embeddings request; unknown fields are ignored as its clients expect.

    Attributes:
        input: a text, texts, token ids, or lists of token ids.
        encoding_format: `base64` is little-endian float32.
        dimensions: keep the first so many components, renormalised to unit length.
    """

    model: Name
    input: str | list[Any]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    user: str | None = None
    truncate: Literal["end", "error"] = "end"


class EmbedResult(msgspec.Struct):
    """Embeddings in the order of the input.

    Attributes:
        embeddings: float32 `[rows, dim]`.
        tokens: encoder tokens of all rows.
        truncated: indices of rows that were cut at the encoder's length.
    """

    model: str
    embeddings: Any
    tokens: int
    cached_rows: int
    truncated: list[int]


class ModelInfo(msgspec.Struct, kw_only=True):
    """A served model, for listings and metadata.

    Attributes:
        encoder, decoder: digest of what it reads or writes through; empty where it has none.
        max_tokens: tokens the encoder reads, or prompt and answer of a decoder together.
        opening: what a prompt begins with where nothing was said before; empty unless a
            completion model learnt conversations.
    """

    name: str
    version: str
    kind: str
    created: str
    labels: list[str]
    task: str
    encoder: str
    decoder: str = ""
    dim: int
    max_tokens: int
    metrics: dict[str, float]
    opening: str = ""


class Readiness(msgspec.Struct, kw_only=True):
    """Whether the server should get traffic, and if not, why.

    Attributes:
        ready: every configured model is loaded, its goldens replayed, and warmed.
        state: `starting`, `ready`, `recovering` (the engine of completions died and comes back;
            the other models answer) or `draining`.
        failures: model to the reason it could not be loaded, or does not answer now.
    """

    ready: bool
    state: Literal["starting", "ready", "recovering", "draining"]
    models: int
    failures: dict[str, str]
