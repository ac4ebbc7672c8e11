"""The moments of past conversations at which an agent typed: what a tower learns from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.ranking.context import read_context, recent
from cuebox.kinds.reply.slots.known_values import KnownValues
from cuebox.kinds.reply.slots.masking import mask_known
from cuebox.kinds.reply.slots.matching import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.kinds.reply.answers.recognise import Recogniser
    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.kinds.reply.conversations.spoken import TurnKind
    from cuebox.kinds.reply.ranking.context import Context
    from cuebox.training.held_out import Split

__all__ = ["Example", "count_templates", "examples_of"]


@dataclass(frozen=True, slots=True)
class Example:
    """One moment, and what the agent sent then.

    Attributes:
        turns: all before it.
        context: what the tower sees of them.
        answer: id of the answer that was sent; None for a text that is none of the list.
        text: what was sent, white space folded.
        draft: what the agent had typed of it, where the data tells.
    """

    conversation: str
    split: Split
    turns: Sequence[Turn]
    context: Context
    answer: str | None
    text: str
    kind: TurnKind | None
    draft: str | None


def count_templates(conversations: Iterable[Conversation], *, at_least: int) -> list[Answer]:
    """Every template that training conversations show `at_least` so often, most frequent first."""
    counts: Counter[str] = Counter()
    said: dict[str, str] = {}
    total = 0
    for conversation in conversations:
        if conversation.split != "train":
            continue
        turns = [spoken.turn for spoken in conversation.turns]
        for place, turn in enumerate(turns):
            if turn.role == "agent":
                template = fold(mask_known(turn.text, KnownValues(turns[:place])).text)
                counts[template] += 1
                said.setdefault(template, fold(turn.text))
                total += 1
    return [
        Answer(
            id=answer_id(template),
            text=template,
            count=count,
            share=count / total,
            said=said[template],
        )
        for template, count in counts.most_common()
        if count >= at_least
    ]


def examples_of(conversation: Conversation, recogniser: Recogniser) -> Iterator[Example]:
    """The agent's turns of one conversation; nothing that comes after a turn is looked at."""
    turns = [spoken.turn for spoken in conversation.turns]
    answers: dict[int, str | None] = {}
    for place, spoken in enumerate(conversation.turns):
        if spoken.turn.role != "agent":
            continue
        before = turns[:place]
        answers[id(spoken.turn)] = recogniser.answer(spoken.turn.text, recent(before))
        yield Example(
            conversation=conversation.id,
            split=conversation.split,
            turns=before,
            context=_context(before, answers),
            answer=answers[id(spoken.turn)],
            text=fold(spoken.turn.text),
            kind=spoken.turn_kind,
            draft=spoken.draft,
        )


def _context(before: Sequence[Turn], answers: dict[int, str | None]) -> Context:
    turns = recent(before)
    return read_context(turns, lambda place: answers[id(turns[place])])
