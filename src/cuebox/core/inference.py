"""What was suggested and what became of it: the records of the inference log."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["FeedbackEvent", "FeedbackRecord", "Shown", "SuggestionRecord"]

FeedbackEvent = Literal["shown", "accepted", "edited", "ignored", "sent"]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One suggestion of an answer.

    Attributes:
        id: unique; feedback names it.
        source: `reply` or `completion`.
        model, version: what made it.
        text: as it was answered.
        score: calibrated probability of a reply; of a completion its log-probability.
        answer: identity of a reply in its model's list; empty for a completion.
    """

    id: str
    source: Literal["reply", "completion"]
    model: str
    version: str
    text: str
    score: float
    answer: str = ""


class SuggestionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of `/v1/suggest`, an empty one too.

    Attributes:
        id: of the answer.
        at: Unix seconds.
        session: the conversation, as the client names it.
        client: name of the API key; empty without keys.
        conversation: JSON of the turns, as they came; empty where inputs are not to be kept.
        draft: what was typed so far; empty where inputs are not to be kept.
        shown: what was answered.
        milliseconds: the request took, by source and in all (`total`).
    """

    id: str
    at: float
    session: str
    client: str
    conversation: str
    draft: str
    shown: list[Shown]
    milliseconds: dict[str, float]


class FeedbackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did with one suggestion, or with none (`sent` of an answer's own id).

    The same event of the same suggestion is recorded once, however often it is sent.

    Attributes:
        suggestion: id of a `Shown`, or of a `SuggestionRecord`.
        text: the final text of `edited` and `sent`.
    """

    suggestion: str
    event: FeedbackEvent
    at: float
    client: str = ""
    text: str = ""
