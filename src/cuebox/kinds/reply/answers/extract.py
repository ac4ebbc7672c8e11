"""From past conversations to the list of answers that a person reviews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.clusters import group_alike, medoid, plane, topics
from cuebox.kinds.reply.answers.gather import agent_turns, gather
from cuebox.kinds.reply.slots.matching import TemplateIndex
from cuebox.kinds.reply.slots.personal_data import personal_data
from cuebox.kinds.reply.slots.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.core.ports import EmbedTexts
    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.reply.answers.gather import Gathered, Wording
    from cuebox.kinds.reply.answers.settings import ExtractSettings
    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.training.progress import Progress, Step

__all__ = ["Extraction", "extract_answers", "spoken_form"]


@dataclass(frozen=True, slots=True)
class Extraction:
    """An answer list and what is known about it.

    Attributes:
        answers: the most frequent first.
        exact: of each answer, how many turns were its wording and no near-duplicate.
        places: where each stands in a picture, float32 `[answers, 2]`.
        topics: its coarse division, int64 `[answers]`.
        turns: agents' turns that were read.
        wordings: different templates among them.
        held_out: of each agent's turn in the validation conversations, the position of the first
            answer that gives its text exactly; -1 where none does.
    """

    answers: list[Answer]
    exact: list[int]
    places: FloatArray
    topics: IntArray
    turns: int
    wordings: int
    held_out: list[int]


def extract_answers(
    conversations: Sequence[Conversation],
    embed: EmbedTexts,
    settings: ExtractSettings,
    progress: Progress,
) -> Extraction:
    """Make the list: mask, count, embed, join near-duplicates, drop what is rare.

    Raises:
        DataError: nothing was said often enough.
    """
    chosen = [one for one in conversations if one.split in settings.splits]
    with progress.stage("Masking", len(chosen)) as step:
        gathered = gather(chosen, frequent=settings.own_count, progress=step)
    wordings = gathered.wordings
    with progress.stage("Embedding", len(wordings)) as step:
        vectors = embed([spoken_form(one.template) for one in wordings], settings.text, step)
    with progress.stage("Joining near-duplicates", len(wordings)) as step:
        groups = _groups(gathered, vectors, settings, step)
    first = [_representative(rows, wordings, vectors) for rows in groups]
    answers = [
        _answer(best, rows, gathered, settings.examples)
        for best, rows in zip(first, groups, strict=True)
    ]
    with progress.stage("Drawing the picture", 1) as step:
        weights = np.array([answer.count for answer in answers], np.float32)
        places, division = plane(vectors[first]), topics(vectors[first], weights)
        step(1)
    seen = set(settings.splits)
    unseen = [one for one in conversations if one.split == "validation" and one.split not in seen]
    with progress.stage("Held-out coverage", len(unseen)) as step:
        held_out = _first_exact([answer.text for answer in answers], unseen, step)
    return Extraction(
        answers=answers,
        exact=[wordings[best].count for best in first],
        places=places,
        topics=division,
        turns=gathered.turns,
        wordings=len(wordings),
        held_out=held_out,
    )


def spoken_form(template: str) -> str:
    """A template as an encoder reads it: slots as the words they are named after."""
    return "".join(
        piece.text.replace("_", " ") if piece.is_slot else piece.text
        for piece in parse_template(template)
    )


def _groups(
    gathered: Gathered, vectors: FloatArray, settings: ExtractSettings, step: Step
) -> list[list[int]]:
    """Rows that say the same, the most frequent wording first; the most frequent groups first."""
    wordings = gathered.wordings
    own = sum(one.count >= settings.own_count for one in wordings)
    leaders = group_alike(vectors, own=own, similarity=settings.similarity, progress=step)
    rows_of: dict[int, list[int]] = {}
    for row, leader in enumerate(leaders.tolist()):
        rows_of.setdefault(leader, []).append(row)
    total = {leader: sum(wordings[row].count for row in rows) for leader, rows in rows_of.items()}
    least = max(settings.min_count, settings.min_share * gathered.turns)
    kept = [leader for leader in rows_of if total[leader] >= least]
    if not kept:
        raise DataError(
            f"{settings.data.path}: no answer was said {least:g} times in {gathered.turns:,} "
            f"agents' turns of {', '.join(settings.splits)}; lower `min_count` or `min_share`"
        )
    kept.sort(key=lambda leader: (-total[leader], leader))
    return [rows_of[leader] for leader in kept[: settings.max_answers]]


def _representative(rows: Sequence[int], wordings: Sequence[Wording], vectors: FloatArray) -> int:
    """The wording that stands for a group: the most frequent, else the one in the middle."""
    if wordings[rows[0]].count > 1:
        return rows[0]
    return rows[medoid(vectors[rows], np.ones(len(rows), np.float32))]


def _answer(best: int, rows: Sequence[int], gathered: Gathered, examples: int) -> Answer:
    wording = gathered.wordings[best]
    said = [text for row in (best, *rows) for text in gathered.wordings[row].said]
    others = [text for text in dict.fromkeys(said) if text != wording.said[0]][:examples]
    count = sum(gathered.wordings[row].count for row in rows)
    return Answer(
        id=answer_id(wording.template),
        text=wording.template,
        count=count,
        share=round(count / gathered.turns, 6),
        said=wording.said[0],
        examples=tuple(others),
        flags=personal_data(wording.template, [wording.said[0], *others], gathered.names),
    )


def _first_exact(
    templates: Sequence[str], conversations: Iterable[Conversation], step: Step
) -> list[int]:
    index = TemplateIndex(templates)
    firsts = []
    for conversation in conversations:
        for text, known in agent_turns(conversation):
            found = index.find(text, known)
            firsts.append(found[0] if found else -1)
        step(1)
    return firsts
