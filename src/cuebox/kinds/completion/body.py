"""What a completion model's manifest says beside its decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cuebox.core.errors import ModelError
from cuebox.core.generation import StopAt

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CompletionBody", "ConfidencePoint", "parse_body"]

# Mean difference of log-probabilities, in nats, that other CPUs' kernels may make; another model
# or tokenizer is far above.
GOLDEN_TOLERANCE = 0.1


class ConfidencePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What showing only the surest suggestions means, measured on held-out text.

    Attributes:
        coverage: share of the places in a text at which a suggestion is shown.
        min_score: the least score shown.
        precision: share of those shown that are what the writer went on to write.
        stop_at: where these suggestions end.
    """

    coverage: float
    min_score: float
    precision: float
    stop_at: StopAt = "clause"


class CompletionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The facts of a language model that are not its decoder's.

    Attributes:
        source: where the weights came from.
        license: theirs; empty when nobody said.
        turns: whether it learnt conversations turn by turn; None where nobody knows, and the
            marks of turns in its tokenizer tell.
        confidence: of each measured `stop_at` by coverage, lowest first; empty when nothing was
            held out to measure it on.
        golden_tolerance: mean difference in nats that a golden example may show.
    """

    source: str = ""
    license: str = ""
    turns: bool | None = None
    confidence: list[ConfidencePoint] = []
    golden_tolerance: float = GOLDEN_TOLERANCE

    def points(self, stop_at: StopAt) -> list[ConfidencePoint]:
        """What was measured for suggestions that end there, by coverage."""
        return [point for point in self.confidence if point.stop_at == stop_at]

    def confidence_table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows for a person: each coverage, and what it means by `stop_at`."""
        stops = list(dict.fromkeys(point.stop_at for point in self.confidence))
        cells: dict[float, list[str]] = {}
        for stop_at in stops:
            for point in self.points(stop_at):
                row = cells.setdefault(point.coverage, [])
                row += [f"{point.min_score:.2f}", f"{point.precision:.1%}"]
        header = ["shown at"]
        for stop_at in stops:
            header += [f"{stop_at}: least score", f"{stop_at}: right"]
        return header, [[f"{at:.0%} of places", *row] for at, row in sorted(cells.items())]


def parse_body(name: str, body: Mapping[str, Any]) -> CompletionBody:
    """Check a manifest's body.

    Raises:
        ModelError: a field is unknown or does not fit; the message names it.
    """
    try:
        parsed = msgspec.convert(body, CompletionBody)
    except msgspec.ValidationError as error:
        raise ModelError(f"completion model {name!r}: body: {error}") from error
    for stop_at in {point.stop_at for point in parsed.confidence}:
        coverages = [point.coverage for point in parsed.points(stop_at)]
        if coverages != sorted(coverages):
            raise ModelError(
                f"completion model {name!r}: body.confidence is not sorted by coverage"
            )
    return parsed
