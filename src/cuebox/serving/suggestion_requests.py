"""What `POST /v1/suggest` asks and answers, free of any transport; the wire is its JSON."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from cuebox.core.conversation import Turn
from cuebox.core.replies import Slot

__all__ = [
    "CompletionSuggestion",
    "Coverages",
    "MinScores",
    "ModelVersion",
    "ReplySuggestion",
    "Source",
    "SourceFailure",
    "SuggestModels",
    "SuggestRequest",
    "SuggestResponse",
    "SuggestUsage",
]

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=130)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Source = Literal["reply", "completion"]


class Coverages(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often to suggest something, by source: the surest share of all moments.

    Each model knows from its validation data which score that means.
    """

    reply: Share | None = None
    completion: Share | None = None


class MinScores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The least score that is shown, by source.

    Attributes:
        reply: a probability.
        completion: a log-probability, at most 0; see `CompletionSuggestion.score`.
    """

    reply: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    completion: Annotated[float, msgspec.Meta(le=0)] | None = None


class SuggestRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an agent may want to say next: whole replies, and how the draft may go on.

    Attributes:
        conversation: all turns so far, oldest first; may be empty. What a lookup answered is a
            turn of role `tool` with its `facts`, from which slots of replies are filled.
        draft: what the agent has typed of the next turn; it is never altered.
        k: at most so many replies.
        session: one per person who types. A newer request of the same session and client takes
            the place of this one, which is answered 409 `superseded` if its completion was still
            being written.
        model: a served reply model; may be left out when there is one.
        completion: a served completion model; `true` is the one that the reply model names,
            `false` none.
        coverage: how often to suggest something; what the server is set to, unless given.
        min_score: instead, or as well: then the stricter counts.
        max_time_ms: answer with what there is after this time; what is missing is named in
            `late`.
    """

    conversation: list[Turn]
    draft: str = ""
    k: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    session: Annotated[str, msgspec.Meta(max_length=128)] = ""
    model: Name | None = None
    completion: Name | bool = True
    coverage: Coverages = Coverages()
    min_score: MinScores = MinScores()
    max_time_ms: Annotated[float, msgspec.Meta(gt=0, le=60_000)] | None = None


class ReplySuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message.

    Attributes:
        id: to be named in feedback.
        slots: variable parts of the text; one that is not `filled` stands there as `{name}`.
        score: calibrated probability that this is what the agent sends.
        answer: identity of the answer in the model's list.
    """

    id: str
    text: str
    slots: list[Slot]
    score: float
    source: Literal["reply"] = "reply"
    answer: str


class CompletionSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """How the draft may go on.

    Attributes:
        id: to be named in feedback.
        text: what comes after the draft, its space included where one is missing.
        score: natural log of the chance that all of it is right. Where `serving.suggest.stop_at`
            is not `gain`, the mean log-probability of its tokens.
    """

    id: str
    text: str
    score: float
    source: Literal["completion"] = "completion"


class SourceFailure(msgspec.Struct, frozen=True):
    """Why one source has nothing; the other is answered all the same."""

    source: Source
    code: str
    message: str


class ModelVersion(msgspec.Struct, frozen=True):
    """What answered."""

    name: str
    version: str


class SuggestModels(msgspec.Struct, frozen=True):
    """What was asked, by source."""

    reply: ModelVersion
    completion: ModelVersion | None


class SuggestUsage(msgspec.Struct, kw_only=True):
    """What the request cost.

    Attributes:
        encoder_tokens: tokens of the turns and the draft that the ranker read.
        cached_rows: how many of those texts were remembered from earlier requests.
        prompt_tokens: tokens that the completion model saw.
        cached_tokens: of them, those that were remembered.
        completion_tokens: tokens that it wrote.
    """

    encoder_tokens: int = 0
    cached_rows: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class SuggestResponse(msgspec.Struct, kw_only=True):
    """The suggestions, possibly none.

    Attributes:
        id: of this answer; feedback names it when a message was sent that nothing suggested.
        replies: best first, all different.
        completion: null where there is none that is sure enough and says something else than
            the replies.
        late: sources that had not answered in time.
        failed: sources that could not answer.
    """

    id: str
    replies: list[ReplySuggestion]
    completion: CompletionSuggestion | None
    late: list[Source]
    failed: list[SourceFailure]
    models: SuggestModels
    usage: SuggestUsage
