"""An extraction as the facts of its page."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cuebox.reports.answer_list_report import AnswerListReport, CoveragePoint, ListedAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.kinds.reply.answers.answer_list import Answer
    from cuebox.kinds.reply.answers.extract import Extraction
    from cuebox.kinds.reply.answers.settings import ExtractSettings

__all__ = ["coverage", "make_answer_list_report"]

_CURVE_POINTS = 200


def make_answer_list_report(
    extraction: Extraction,
    reviewed: Sequence[Answer],
    settings: ExtractSettings,
    *,
    conversations: int,
) -> AnswerListReport:
    """Gather what the page shows.

    Args:
        extraction: the new list.
        reviewed: the same answers with the decisions of the list before, then answers that only
            that one has.
        settings: that it was made with.
        conversations: how many were read.
    """
    rows = zip(
        reviewed, extraction.places.tolist(), extraction.topics.tolist(), strict=False
    )  # the shorter two leave out what was not said
    return AnswerListReport(
        name=Path(settings.data.path).name,
        conversations=conversations,
        turns=extraction.turns,
        wordings=extraction.wordings,
        answers=[_listed(answer, place, topic) for answer, place, topic in rows],
        coverage=coverage(extraction),
        removed=len(reviewed) - len(extraction.answers),
        facts=_facts(settings),
    )


def coverage(extraction: Extraction) -> list[CoveragePoint]:
    """The coverage curve, at every answer first and then at ever larger steps."""
    alike = list(accumulate(answer.count for answer in extraction.answers))
    exact = list(accumulate(extraction.exact))
    total = len(extraction.answers)
    even = np.geomspace(1, total, _CURVE_POINTS).round().astype(int).tolist()
    marks = {1, 10, 50, 100, 200, 500, 1000, 2000, 5000, total, *even}
    ranks = np.array(extraction.held_out)
    return [
        CoveragePoint(
            answers=number,
            alike=alike[number - 1] / extraction.turns,
            exact=exact[number - 1] / extraction.turns,
            held_out=float(((ranks >= 0) & (ranks < number)).mean()) if len(ranks) else None,
        )
        for number in sorted(marks)
        if number <= total
    ]


def _listed(answer: Answer, place: Sequence[float], topic: int) -> ListedAnswer:
    return ListedAnswer(
        text=answer.text,
        said=answer.said,
        examples=list(answer.examples),
        count=answer.count,
        share=answer.share,
        status=answer.status,
        tags=list(answer.tags),
        flags=list(answer.flags),
        topic=topic,
        x=place[0],
        y=place[1],
    )


def _facts(settings: ExtractSettings) -> dict[str, str]:
    least = f"{settings.min_count:,} times"
    if settings.min_share:
        least += f" and {settings.min_share:.3%} of all messages"
    return {
        "Conversations": f"{settings.data.path}, {', '.join(settings.splits)}",
        "Encoder": settings.encoder,
        "Said at least": least,
        "Near-duplicates": f"cosine of {settings.similarity:g} and more, joined to what was "
        f"said more often; what was said {settings.own_count:,} times stays by itself",
        "Picture": "t-SNE of the answers' embeddings; topics by k-means",
    }
