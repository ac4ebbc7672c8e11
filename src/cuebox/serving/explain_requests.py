"""Requests and answers of explanations, free of any transport; the wire is their JSON."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from cuebox.serving.requests import Name

__all__ = ["ExplainRequest", "ExplainResponse", "ExplainUsage", "Explanation", "WordEffect"]


class ExplainRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ask which words of one text mattered to one or many classifiers.

    Attributes:
        model: a served classifier, several, or `"*"` for all of them.
        input: one text.
        label: the label to explain, for all models or by model; where nothing is said, the most
            probable one.
        truncate: what to do with a text over the encoder's length: `end` explains the part that
            is read and marks the answer `truncated`, `error` refuses it.
    """

    model: Name | Annotated[list[Name], msgspec.Meta(min_length=1, max_length=256)]
    input: str
    label: str | dict[str, str] | None = None
    truncate: Literal["end", "error"] = "end"


class WordEffect(msgspec.Struct, frozen=True):
    """What one word did; of a long text, what a few neighbouring words did together.

    Attributes:
        start, end: where it is in the input, in Unicode code points; `end` is the place after it.
        text: the input from `start` to `end`.
        effect: score of the whole text less the score without the word; above 0 it speaks for
            the label, below 0 against it.
        log_odds: the same of the natural logarithm of p / (1 - p), which still tells words
            apart where the score is close to 0 or 1.
    """

    start: int
    end: int
    text: str
    effect: float
    log_odds: float


class Explanation(msgspec.Struct, frozen=True):
    """Why one classifier gave one label as much as it did.

    Attributes:
        label: the label that is explained.
        score: its calibrated probability for the whole text.
        words: all that the encoder read, in the order of the text.
    """

    model: str
    version: str
    label: str
    score: float
    words: list[WordEffect]


class ExplainUsage(msgspec.Struct):
    """What the request cost: texts the encoders read, and their tokens."""

    rows: int
    tokens: int


class ExplainResponse(msgspec.Struct, kw_only=True):
    """Explanations in the order of the models.

    Attributes:
        truncated: the text is longer than an encoder reads; what it did not read has no effect
            and is not listed.
    """

    object: Literal["list"] = "list"
    data: list[Explanation]
    truncated: bool = False
    usage: ExplainUsage
