"""What a reply model's manifest says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.errors import ModelError
from cuebox.core.text import TextSettings
from cuebox.kinds.reply.ranking.likelihood import DraftModel

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CoveragePoint", "ReplyBody", "parse_body"]


class CoveragePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What showing only the surest replies means, measured on held-out conversations.

    Attributes:
        coverage: share of the moments at which something is shown.
        min_score: the least score shown.
        precision: share of those moments at which the likeliest reply is what was sent.
    """

    coverage: float
    min_score: float
    precision: float


class ReplyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The facts of a reply model that are not arrays.

    Attributes:
        answers: how many it offers.
        text: normalisation of what is embedded.
        drafts: how drafts are weighed.
        temperature: of the tower's probabilities.
        completion: name of the completion model to suggest beside it; empty for none.
        coverage: measured points, lowest coverage first; empty when nothing was held out.
        golden_tolerance: how far a similarity may be from its golden example.
    """

    answers: int
    text: TextSettings = TextSettings()
    drafts: DraftModel = DraftModel()
    temperature: float = 1.0
    completion: str = ""
    coverage: list[CoveragePoint] = []
    golden_tolerance: float = 0.15


def parse_body(name: str, body: Mapping[str, Any]) -> ReplyBody:
    """Check a manifest's body.

    Raises:
        ModelError: a field is unknown or does not fit; the message names it.
    """
    try:
        parsed = msgspec.convert(body, ReplyBody)
    except msgspec.ValidationError as error:
        raise ModelError(f"reply model {name!r}: body: {error}") from error
    shares = [point.coverage for point in parsed.coverage]
    if shares != sorted(shares):
        raise ModelError(f"reply model {name!r}: body.coverage is not sorted by coverage")
    if not parsed.temperature > 0:
        raise ModelError(f"reply model {name!r}: body.temperature must be above 0")
    return parsed
