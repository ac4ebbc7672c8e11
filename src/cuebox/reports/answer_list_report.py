"""What is shown of an answer list made from past conversations."""

from __future__ import annotations

import msgspec

__all__ = ["AnswerListReport", "CoveragePoint", "ListedAnswer"]


class ListedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer.

    Attributes:
        text: the template.
        said: a message of the past that says it.
        examples: other ways in which it was said.
        count: agents' turns that said it, near-duplicates included.
        share: the same as a share of all agents' turns.
        topic: its coarse division, from 0.
        x, y: its place in the picture, within -1 and 1.
    """

    text: str
    said: str
    examples: list[str] = []
    count: int
    share: float
    status: str = "proposed"
    tags: list[str] = []
    flags: list[str] = []
    topic: int
    x: float
    y: float


class CoveragePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the first `answers` answers cover.

    Attributes:
        alike: share of the agents' turns that said one of them, near-duplicates included.
        exact: share of them that said one word for word, slots apart.
        held_out: share of the agents' turns in conversations that were not read whose text one
            of the answers gives exactly; None where there were none.
    """

    answers: int
    alike: float
    exact: float
    held_out: float | None = None


class AnswerListReport(msgspec.Struct, frozen=True, kw_only=True):
    """An answer list.

    Attributes:
        name: of the conversations' file.
        conversations, turns: that were read, and the agents' turns in them.
        wordings: different messages among them, variable parts taken out.
        answers: the most frequent first.
        coverage: by number of answers, the last point for all.
        removed: reviewed answers of the list before that nobody says any more.
        facts: how it was made.
    """

    name: str
    conversations: int
    turns: int
    wordings: int
    answers: list[ListedAnswer]
    coverage: list[CoveragePoint]
    removed: int = 0
    facts: dict[str, str] = {}
