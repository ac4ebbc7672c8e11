"""A served language model: its manifest, its confidence, and the check of its goldens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import GoldenMismatch, InvalidRequest, ModelError
from cuebox.kinds.completion.body import parse_body
from cuebox.kinds.completion.conversation import ConversationFormat
from cuebox.kinds.completion.vocabulary import AGENT, END_OF_TURN, USER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.core.generation import StopAt
    from cuebox.core.manifest import Golden, Manifest
    from cuebox.core.types import FloatArray

__all__ = ["CompletionPredictor"]

_LONGEST_FIRST: tuple[StopAt, ...] = ("sentence", "clause", "word")


class CompletionPredictor:
    """`core.ports.CompletionPredictor`; the decoder does all the work."""

    def __init__(self, manifest: Manifest, special: Collection[str]) -> None:
        """Read the manifest.

        Args:
            special: text of each special token of its tokenizer.

        Raises:
            ModelError: it names no decoder, or its body cannot be read.
        """
        if manifest.decoder is None:
            raise ModelError(f"completion model {manifest.name!r}: its manifest names no decoder")
        self.manifest = manifest
        self.body = parse_body(manifest.name, manifest.body)
        marked = {USER, AGENT, END_OF_TURN} <= set(special) and self.body.turns is not False
        self._format = ConversationFormat(special, context=manifest.decoder.context, marked=marked)

    @property
    def labels(self) -> Sequence[str]:
        """Always empty."""
        return ()

    def prompt(self, turns: Sequence[Turn], draft: str) -> str:
        """A conversation and the agent's draft as the prompt this model was trained to continue.

        It ends with the draft as it was typed. A special token's text, which nobody but a
        mischief-maker types, is broken up by a space. What is far before the model's window is
        left out.
        """
        return self._format.prompt(turns, draft)

    def min_score(self, coverage: float, stop_at: StopAt) -> float:
        """The score below which an answer is withheld, so that about `coverage` of them remain.

        Between two measured points it goes in a straight line. What was not measured goes by
        the longest suggestions that were, `gain` by the shortest.

        Raises:
            InvalidRequest: this version recorded no such figures; `param` is `coverage`.
        """
        # A short piece is what comes nearest to `gain`.
        instead = _LONGEST_FIRST[::-1] if stop_at == "gain" else _LONGEST_FIRST
        measured = (self.body.points(one) for one in (stop_at, *instead))
        points = next(filter(None, measured), None)
        if points is None:
            raise InvalidRequest(
                f"model {self.manifest.name!r} was published without held-out text, so what "
                "coverage means was never measured: ask for min_score instead",
                param="coverage",
            )
        if coverage >= 1:
            return -math.inf
        return float(
            np.interp(
                coverage,
                [point.coverage for point in points],
                [point.min_score for point in points],
            )
        )

    def check(self, golden: Golden, output: FloatArray, /) -> None:
        """Raise `GoldenMismatch` unless the decoder finds each token as likely as recorded."""
        who = f"completion model {self.manifest.name!r} {self.manifest.version}".rstrip()
        if len(golden.expected) != len(output):
            raise GoldenMismatch(
                f"{who}: {golden.input[:60]!r} has {len(output) + 1} tokens, recorded were "
                f"{len(golden.expected) + 1}: the tokenizer differs"
            )
        off = np.abs(np.asarray(golden.expected, np.float32) - output)
        mean = float(off.mean())
        if not mean <= self.body.golden_tolerance:
            raise GoldenMismatch(
                f"{who}: log-probabilities of {golden.input[:60]!r} differ from the recorded by "
                f"{mean:.3f} nats on average, allowed {self.body.golden_tolerance}: weights, "
                "tokenizer or engine differ"
            )
