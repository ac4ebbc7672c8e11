"""The facts of a language model's report, plain and ready to be written as JSON."""

from __future__ import annotations

import msgspec

__all__ = [
    "CorpusFigures",
    "CurvePoint",
    "LanguageModelReport",
    "SuggestionShare",
    "TextFigures",
]


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One look at validation text while the model was trained.

    Attributes:
        tokens: read so far, in millions.
        minutes: of training so far.
        rate: share of the highest learning rate.
        bits: corpus to bits per character.
    """

    tokens: float
    minutes: float
    rate: float
    bits: dict[str, float]


class SuggestionShare(msgspec.Struct, frozen=True, kw_only=True):
    """How often suggestions of so many words were exactly what was written.

    Attributes:
        at: `word` before a word, `inside` a word, or `all` places.
        first, any: share where the first suggestion, or one of them, was right.
    """

    words: int
    at: str
    places: int
    first: float
    any: float


class TextFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How one model does on one corpus."""

    perplexity: float
    bits_per_character: float
    bits_per_byte: float
    suggestions: list[SuggestionShare]


class CorpusFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One corpus's held-out text.

    Attributes:
        figures: of each model, by its name; the trained one first, a baseline last.
    """

    name: str
    documents: int
    tokens: int
    characters: int
    figures: dict[str, TextFigures]


class LanguageModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows.

    Attributes:
        split: which documents the figures are about.
        facts: name to value, for the section on how it was made.
        curve: empty for a model that was not trained here.
    """

    name: str
    description: str = ""
    split: str = "test"
    corpora: list[CorpusFigures]
    curve: list[CurvePoint] = []
    facts: dict[str, str] = {}
    config: str = ""
    environment: dict[str, str] = {}
