"""Whether two decoders say the same, and what quantisation costs in perplexity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from cuebox.core.errors import ParityError
from cuebox.training.decoder_reader import log_softmax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.training.progress import Step

__all__ = [
    "DecoderAgreement",
    "DecoderLimits",
    "ReadsLogits",
    "check_agreement",
    "check_equal",
    "compare_decoders",
    "text_windows",
]

# What float32 arithmetic in another order may change of a log-probability.
_EXACT = 1e-3


class ReadsLogits(Protocol):
    """A decoder in whatever engine."""

    def logits(self, tokens: Sequence[int]) -> Iterator[FloatArray]:
        """Logits after each token of a text, in pieces of the same sizes for every decoder."""
        ...


class DecoderLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much a served decoder may lose by quantisation.

    Attributes:
        growth: of the perplexity on the same text, as a share.
    """

    growth: float


class DecoderAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate held against a reference on the same text, in nats.

    Attributes:
        tokens: that were predicted.
        perplexity, reference_perplexity: of the text, per token.
        mean_difference, largest_difference: of the log-probability of the text's own tokens.
        divergence: of the candidate's distribution from the reference's, mean over the tokens.
        same_first: share of places at which both find the same token most probable.
        widest_tie: where they do not, the most by which the reference prefers its own.
    """

    reference: str
    candidate: str
    tokens: int
    perplexity: float
    reference_perplexity: float
    mean_difference: float
    largest_difference: float
    divergence: float
    same_first: float
    widest_tie: float

    @property
    def growth(self) -> float:
        """Of the perplexity, as a share; below 0 where the candidate is better."""
        return self.perplexity / self.reference_perplexity - 1


def text_windows(
    texts: Sequence[Sequence[int]], *, context: int, bos: int | None, most: int
) -> list[list[int]]:
    """Token ids of texts in windows that a decoder reads at once, `most` tokens in all.

    Each window but for a last one token long begins with `bos` where there is one.
    """
    start = [] if bos is None else [bos]
    width = context - len(start)
    windows: list[list[int]] = []
    for text in texts:
        for at in range(0, len(text), width):
            piece = [*start, *text[at : at + min(width, most)]]
            if len(piece) > 1:
                windows.append(piece)
                most -= len(piece)
            if most < 1:
                return windows
    return windows


def compare_decoders(
    reference: ReadsLogits,
    candidate: ReadsLogits,
    windows: Sequence[Sequence[int]],
    *,
    names: tuple[str, str],
    step: Step | None = None,
) -> DecoderAgreement:
    """Read every window with both, piece by piece.

    Args:
        windows: token ids, each of at least two.
        names: what the two are called in messages and cards.
        step: told how many more windows were read.
    """
    totals = _Totals()
    for window in windows:
        following = np.asarray(window[1:], np.int64)
        at = 0
        inputs = window[:-1]
        for one, other in zip(reference.logits(inputs), candidate.logits(inputs), strict=True):
            totals.add(log_softmax(one), log_softmax(other), following[at : at + len(one)])
            at += len(one)
        if step is not None:
            step(1)
    return totals.agreement(*names)


def check_equal(agreement: DecoderAgreement) -> None:
    """Hold two decoders of the same precision against each other.

    Raises:
        ParityError: a log-probability differs by more than rounding, or another token comes
            first where there is no tie.
    """
    told = f"{agreement.candidate} differs from {agreement.reference}"
    if not agreement.largest_difference <= _EXACT:
        raise ParityError(
            f"{told}: a log-probability by {agreement.largest_difference:.2e}, allowed {_EXACT}"
        )
    if not agreement.widest_tie <= 2 * _EXACT:
        raise ParityError(
            f"{told}: it puts another token first, which is {agreement.widest_tie:.2e} nats "
            "less probable"
        )


def check_agreement(agreement: DecoderAgreement, limits: DecoderLimits) -> None:
    """Hold a quantised decoder against the limits.

    Raises:
        ParityError: its perplexity grew too much.
    """
    if not agreement.growth <= limits.growth:
        raise ParityError(
            f"perplexity grows from {agreement.reference_perplexity:.3f} "
            f"({agreement.reference}) to {agreement.perplexity:.3f} ({agreement.candidate}), by "
            f"{agreement.growth:.1%}; allowed is {limits.growth:.1%}"
        )


class _Totals:
    """Sums over all places."""

    def __init__(self) -> None:
        self._places = 0
        self._reference = self._candidate = self._difference = self._divergence = 0.0
        self._largest = self._tie = 0.0
        self._same = 0

    def add(self, reference: FloatArray, candidate: FloatArray, following: IntArray) -> None:
        """Log-probabilities `[places, vocab]` of both, and the tokens that follow `[places]`."""
        rows = np.arange(len(following))
        said, also = reference[rows, following], candidate[rows, following]
        off = np.abs(said - also)
        self._places += len(rows)
        self._reference -= float(said.sum(dtype=np.float64))
        self._candidate -= float(also.sum(dtype=np.float64))
        self._difference += float(off.sum(dtype=np.float64))
        self._largest = _worst(self._largest, off)
        weighted = np.exp(reference) * (reference - candidate)
        self._divergence += float(weighted.sum(dtype=np.float64))
        first, other = reference.argmax(axis=1), candidate.argmax(axis=1)
        self._same += int((first == other).sum())
        self._tie = _worst(self._tie, reference[rows, first] - reference[rows, other])

    def agreement(self, reference: str, candidate: str) -> DecoderAgreement:
        """What was found."""
        places = max(1, self._places)
        return DecoderAgreement(
            reference=reference,
            candidate=candidate,
            tokens=self._places,
            perplexity=math.exp(self._candidate / places),
            reference_perplexity=math.exp(self._reference / places),
            mean_difference=self._difference / places,
            largest_difference=self._largest,
            divergence=self._divergence / places,
            same_first=self._same / places,
            widest_tie=self._tie,
        )


def _worst(before: float, values: FloatArray) -> float:
    """The larger one; NaN stays NaN, so that it fails every limit."""
    return float(np.maximum(before, values.max(initial=0.0)))
