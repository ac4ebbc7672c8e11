"""What load to offer, and where."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["LoadSettings"]

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class LoadSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One load test.

    Attributes:
        url: where requests go, `http://host:port/path`.
        body: JSON template; `{text}` becomes a JSON string, quotes included.
        headers: extra request headers.
        loop: `closed` keeps `clients` requests in flight, each client sending its next one when
            it has an answer; `open` sends at `rate`, whether answers come or not.
        rate: requests a second (open loop).
        arrivals: `poisson` like independent users, or `constant` spacing (open loop).
        clients: connections (closed loop), or the most connections (open loop).
        duration: measured seconds.
        warmup: seconds of the same load before, not measured.
        repeat: share of requests in [0, 1] that send a text that was sent before. Zero, the
            default, never repeats a text, because a cache makes repeated texts nearly free.
        hot_texts: how many texts the repeated ones are drawn from.
        min_words: fewest words of a text.
        max_words: most words of a text.
        timeout: seconds after which an unanswered request counts as failed.
        seed: the same seed sends the same texts.
    """

    url: str
    body: str = '{"model": "*", "input": {text}}'
    headers: dict[str, str] = {}
    loop: Literal["closed", "open"] = "closed"
    rate: Annotated[float, msgspec.Meta(gt=0)] = 100.0
    arrivals: Literal["poisson", "constant"] = "poisson"
    clients: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 16
    duration: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    warmup: Seconds = 2.0
    repeat: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    hot_texts: Annotated[int, msgspec.Meta(ge=1)] = 1_000
    min_words: Annotated[int, msgspec.Meta(ge=3)] = 5
    max_words: Annotated[int, msgspec.Meta(ge=3)] = 12
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    seed: int = 0
