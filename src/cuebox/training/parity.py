"""Whether two encoders agree: cosine similarity over real sentences, batch sizes and lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from cuebox.core.errors import ParityError
from cuebox.core.types import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.ports import Encoder, Tokenizer
    from cuebox.core.types import FloatArray

__all__ = [
    "Agreement",
    "Embed",
    "ParityLimits",
    "ParityReport",
    "check_parity",
    "compare_encoders",
    "embed_with",
]

# Texts and a batch size to float32 `[texts, dim]`.
Embed: TypeAlias = "Callable[[Sequence[str], int], FloatArray]"

# Batch sizes that divide nothing evenly, so that every graph meets a shape it was not built on.
_BATCHES = (1, 7, 32)
_LONG_JOINED, _LONG_BATCH = 12, 3


class ParityLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The least cosine similarity that passes: on average, of the worst 1 %, and of the worst."""

    mean: float = 0.995
    p1: float = 0.98
    min: float = 0.97


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Cosine similarity of two encoders on one set of texts.

    Attributes:
        regime: how the candidate ran them: `batches of 7`, ...
        worst: the text with the lowest similarity.
    """

    regime: str
    texts: int
    mean: float
    p1: float
    min: float
    worst: str


class ParityReport(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate held against a reference."""

    reference: str
    candidate: str
    rows: list[Agreement]

    @property
    def mean(self) -> float:
        """The lowest mean of all regimes."""
        return min(row.mean for row in self.rows)

    @property
    def p1(self) -> float:
        """The lowest first percentile of all regimes."""
        return min(row.p1 for row in self.rows)

    @property
    def min(self) -> float:
        """The lowest similarity of all."""
        return min(row.min for row in self.rows)


def compare_encoders(
    reference: Embed,
    candidate: Embed,
    texts: Sequence[str],
    *,
    names: tuple[str, str],
    progress: Callable[[int], None] | None = None,
) -> ParityReport:
    """Embed the texts alone and in batches, and long texts made of several, with both.

    Args:
        names: what to call reference and candidate in the report.
        progress: told how many more texts the candidate has embedded.
    """
    report = progress or (lambda _: None)
    rows = []
    expected = reference(texts, max(_BATCHES))
    for batch in _BATCHES:
        regime = "one text a run" if batch == 1 else f"batches of {batch}"
        rows.append(_agreement(regime, texts, expected, candidate(texts, batch)))
        report(len(texts))
    long = [" ".join(texts[at : at + _LONG_JOINED]) for at in range(0, len(texts), _LONG_JOINED)]
    expected = reference(long, _LONG_BATCH)
    rows.append(_agreement("long texts", long, expected, candidate(long, _LONG_BATCH)))
    report(len(long))
    return ParityReport(reference=names[0], candidate=names[1], rows=rows)


def check_parity(report: ParityReport, limits: ParityLimits) -> None:
    """Hold every regime to the limits.

    Raises:
        ParityError: names the regime, the figure, its limit and the worst text.
    """
    for row in report.rows:
        for name in ("mean", "p1", "min"):
            value, limit = getattr(row, name), getattr(limits, name)
            if not value >= limit:
                raise ParityError(
                    f"{report.candidate} differs from {report.reference} ({row.regime}): {name} "
                    f"cosine {value:.4f} is under {limit}; the worst text is {row.worst[:80]!r}"
                )


def embed_with(tokenizer: Tokenizer, encoder: Encoder) -> Embed:
    """An opened encoder as a function to compare."""

    def embed(texts: Sequence[str], batch: int) -> FloatArray:
        rows = [tokenizer.encode(text).ids for text in texts]
        pieces = [
            encoder.run(TokenBatch.of(rows[at : at + batch])) for at in range(0, len(rows), batch)
        ]
        return np.concatenate(pieces)

    return embed


def _agreement(
    regime: str, texts: Sequence[str], expected: FloatArray, actual: FloatArray
) -> Agreement:
    if expected.shape != actual.shape:
        raise ParityError(f"embeddings of shape {actual.shape}, expected {expected.shape}")
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(actual, axis=1)
    cosines = (expected * actual).sum(axis=1) / np.maximum(lengths, np.finfo(np.float32).tiny)
    return Agreement(
        regime=regime,
        texts=len(texts),
        mean=float(cosines.mean()),
        p1=float(np.percentile(cosines, 1)),
        min=float(cosines.min()),
        worst=texts[int(cosines.argmin())],
    )
