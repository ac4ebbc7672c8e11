"""From settings to the answers of a model and the moments it is trained and judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuebox.core.digests import sha256_data
from cuebox.core.errors import DataError
from cuebox.kinds.reply.answers.merging import usable
from cuebox.kinds.reply.answers.recognise import Recogniser
from cuebox.kinds.reply.answers.table import read_answers
from cuebox.kinds.reply.conversations.reading import read_conversations
from cuebox.kinds.reply.examples import count_templates, examples_of
from cuebox.training.held_out import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.kinds.reply.answers.answer_list import Answer
    from cuebox.kinds.reply.conversations.reading import Conversation
    from cuebox.kinds.reply.examples import Example
    from cuebox.kinds.reply.settings import ReplySettings
    from cuebox.training.held_out import Split
    from cuebox.training.progress import Progress

__all__ = ["ReplyData", "load_data"]


@dataclass(frozen=True, slots=True)
class ReplyData:
    """What a reply model is made from.

    Attributes:
        answers: the list, most frequent first.
        examples: the agents' turns of each split.
        digest: of the conversations and the list.
    """

    answers: Sequence[Answer]
    examples: dict[Split, list[Example]]
    digest: str


def load_data(settings: ReplySettings, *, base: Path, progress: Progress) -> ReplyData:
    """Read conversations and answers, and find out which answer each agent's turn was.

    Raises:
        DataError: a file cannot be read, no conversation is for training, or no answer is left.
    """
    with progress.stage("Reading the conversations", len(settings.sources)) as step:
        conversations: list[Conversation] = []
        for source in settings.sources:
            conversations += read_conversations(source, base=base)
            step(1, f"{len(conversations):,} conversations")
    with progress.stage("Finding the answers", 1) as step:
        answers = _answers(settings, conversations, base)
        step(1, f"{len(answers):,} answers")
    recogniser = Recogniser(answers)
    examples: dict[Split, list[Example]] = {split: [] for split in SPLITS}
    with progress.stage("Reading what agents said", len(conversations)) as step:
        for conversation in conversations:
            examples[conversation.split] += examples_of(conversation, recogniser)
            step(1)
    if not any(example.answer for example in examples["train"]):
        raise DataError("no training conversation shows an answer of the list: nothing to learn")
    digest = sha256_data(
        [
            [[one.id, one.split, [spoken.turn for spoken in one.turns]] for one in conversations],
            [[answer.id, answer.text, *answer.wordings] for answer in answers],
        ]
    )
    return ReplyData(answers, examples, digest)


def _answers(
    settings: ReplySettings, conversations: Sequence[Conversation], base: Path
) -> list[Answer]:
    if settings.answers.file:
        answers = usable(read_answers(base / settings.answers.file))
        answers.sort(key=lambda answer: -answer.count)
    else:
        answers = count_templates(conversations, at_least=settings.answers.at_least)
    if not answers:
        raise DataError(
            "there are no answers to offer: "
            + (
                f"all of {settings.answers.file} are rejected"
                if settings.answers.file
                else f"no template was said {settings.answers.at_least} times; lower at_least"
            ),
            param="answers",
        )
    return answers
