"""The facts of a report on typed text saved, plain and ready to be written as JSON."""

from __future__ import annotations

import msgspec

from cuebox.reports.typing_scores import SuggesterScores

__all__ = ["TypingReport"]


class TypingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows.

    Attributes:
        name, version: of the model.
        split: which conversations the figures are about.
        conversations: how many were replayed, of `available`.
        model: with everything it shows, at 1 and at the most replies, by all groups.
        parts: the model with one of its sources switched off.
        baselines: what does without the model, always shown.
        shown: name to value, what is shown and what was asked.
        facts: name to value, for the section on how it was measured.
    """

    name: str
    version: str = ""
    split: str = "test"
    conversations: int
    available: int
    model: SuggesterScores
    parts: list[SuggesterScores] = []
    baselines: list[SuggesterScores] = []
    shown: dict[str, str] = {}
    facts: dict[str, str] = {}
