"""Which models a suggest request asks, how sure they must be, and whether it can be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.errors import InvalidRequest, PayloadTooLarge, UnknownModel
from cuebox.serving.rows import check_chars
from cuebox.serving.suggestion_requests import SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from cuebox.core.conversation import Turn
    from cuebox.core.ports import CompletionPredictor, ReplyPredictor
    from cuebox.serving.catalog import Catalog, CompletionModel, ReplyModel
    from cuebox.serving.settings import ServingSettings, SuggestSettings
    from cuebox.serving.suggestion_requests import Source, SuggestRequest

__all__ = [
    "Plan",
    "check_request",
    "make_plan",
    "usual_completion_score",
    "usual_reply_score",
]


# What JSON and its kin carry between programs as a number.
_LEAST, _MOST = -(2**63), 2**64 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request asks of whom.

    Attributes:
        reply_score: the least score of a reply; None shows all.
        completion: None where none is wanted, or none can be had.
        completion_score: the least score of a completion; None shows all.
        missing: why a completion that the reply model names cannot be had.
    """

    reply: ReplyModel
    reply_score: float | None
    completion: CompletionModel | None
    completion_score: float | None
    missing: SourceFailure | None


def make_plan(catalog: Catalog, asked: SuggestRequest, settings: ServingSettings) -> Plan:
    """Check a request and find its models.

    Raises:
        UnknownModel: a model that was asked for is not served.
        InvalidRequest: a model of another kind, a text that is not Unicode, or a coverage that
            means nothing to a model.
        PayloadTooLarge: too many turns, or too long a text.
    """
    check_request(asked, settings)
    limits = settings.suggest
    reply = catalog.reply_model(asked.model)
    completion, missing = _completion(catalog, asked, reply)
    return Plan(
        reply,
        _threshold(
            reply.predictor.min_score,
            asked.coverage.reply,
            asked.min_score.reply,
            lambda: usual_reply_score(reply.predictor, limits),
            "reply",
        ),
        completion,
        None if completion is None else _completion_threshold(completion, asked, limits),
        missing,
    )


def usual_reply_score(predictor: ReplyPredictor, limits: SuggestSettings) -> float | None:
    """The least score of a reply where a request says nothing; None where no one measured it."""
    try:
        return max(predictor.min_score(limits.reply_coverage), limits.reply_floor)
    except InvalidRequest:
        return None


def usual_completion_score(predictor: CompletionPredictor, limits: SuggestSettings) -> float | None:
    """The same of a completion."""
    try:
        return predictor.min_score(limits.completion_coverage, limits.stop_at)
    except InvalidRequest:
        return None


def _completion(
    catalog: Catalog, asked: SuggestRequest, reply: ReplyModel
) -> tuple[CompletionModel | None, SourceFailure | None]:
    """The completion model; one that was not asked for by name may be missing."""
    if isinstance(asked.completion, str):
        return catalog.completion_model(asked.completion, param="completion"), None
    name = reply.predictor.completion
    if not asked.completion or not name:
        return None, None
    try:
        return catalog.completion_model(name), None
    except (UnknownModel, InvalidRequest) as error:
        message = f"named by {reply.info.name!r}: {error.message}"
        return None, SourceFailure("completion", error.code, message)


def _completion_threshold(
    model: CompletionModel, asked: SuggestRequest, limits: SuggestSettings
) -> float | None:
    return _threshold(
        lambda coverage: model.predictor.min_score(coverage, limits.stop_at),
        asked.coverage.completion,
        asked.min_score.completion,
        lambda: usual_completion_score(model.predictor, limits),
        "completion",
    )


def _threshold(
    min_score: Callable[[float], float],
    coverage: float | None,
    least: float | None,
    usual: Callable[[], float | None],
    source: Source,
) -> float | None:
    """The stricter of what was asked for; else what is usual."""
    if coverage is None:
        return usual() if least is None else least
    try:
        score = min_score(coverage)
    except InvalidRequest as error:
        error.param = f"coverage.{source}"
        raise
    return score if least is None else max(score, least)


def check_request(asked: SuggestRequest, settings: ServingSettings) -> None:
    """Refuse texts that are too long, too many, or not Unicode, and numbers beyond 64 bits.

    Raises:
        InvalidRequest, PayloadTooLarge: `param` names the text.
    """
    turns, most = len(asked.conversation), settings.suggest.max_turns
    if turns > most:
        raise PayloadTooLarge(
            f"the conversation has {turns} turns, the most is {most}: leave out the first",
            param="conversation",
        )
    chars, most = 0, settings.suggest.max_chars
    for index, turn in enumerate(asked.conversation):
        chars += _check_turn(turn, settings.max_text_chars, f"conversation[{index}]")
    if chars > most:
        raise PayloadTooLarge(
            f"the conversation has {chars} characters, the most is {most}: leave out the first "
            "turns",
            param="conversation",
        )
    check_chars(asked.draft, settings.max_text_chars, "draft")
    check_chars(asked.session, settings.max_text_chars, "session")


def _check_turn(turn: Turn, most_chars: int, param: str) -> int:
    """Check one turn; how many characters it has."""
    check_chars(turn.text, most_chars, f"{param}.text")
    chars = len(turn.text)
    for name, value in turn.facts.items():
        check_chars(name, most_chars, f"{param}.facts")
        chars += len(name)
        if isinstance(value, str):
            check_chars(value, most_chars, f"{param}.facts.{name}")
            chars += len(value)
        elif isinstance(value, int) and not _LEAST <= value <= _MOST:
            raise InvalidRequest(
                "the number does not fit into 64 bits: send it as text",
                param=f"{param}.facts.{name}",
            )
    return chars
