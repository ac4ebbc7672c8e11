"""Which answer of the list an agent's message was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cuebox.kinds.reply.slots.known_values import KnownValues
from cuebox.kinds.reply.slots.masking import mask_known
from cuebox.kinds.reply.slots.matching import TemplateIndex, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.conversation import Turn
    from cuebox.kinds.reply.answers.answer_list import Answer

__all__ = ["Recogniser"]


# Longer messages are no answers of a list.
_LONGEST = 2000
# Values that fill no slot from the conversation, as an order's number, hold one of these.
_OPEN_VALUE = re.compile(r"[\d@]")


class Recogniser:
    """Finds the answer that a message is: by what it says once filled, else by its template."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        """Of answers that say the same, the first is found."""
        texts = [(answer.text, answer.id) for answer in answers]
        texts += [(wording, answer.id) for answer in answers for wording in answer.wordings]
        by_text = dict(reversed(texts))
        self._index = TemplateIndex(list(reversed(by_text)))
        self._ids = list(reversed(by_text.values()))
        self._templates: dict[str, str] = {}
        self._sayings: dict[str, str] = {}
        for text, identity in texts:
            self._templates.setdefault(fold(text), identity)
        for answer in answers:
            for saying in (answer.said, *answer.examples):
                self._sayings.setdefault(fold(saying), answer.id)

    def answer(self, text: str, before: Sequence[Turn]) -> str | None:
        """The answer's id; None for a message that is none of the list.

        Args:
            text: what was sent.
            before: the turns before it, which its slots were filled from.
        """
        known = KnownValues(before)
        found = self._index.find(text, known)
        if found:
            return self._ids[found[0]]
        said = self._sayings.get(fold(text))
        if said is not None or not _OPEN_VALUE.search(text):
            return said
        return self._templates.get(fold(mask_known(text[:_LONGEST], known).text))
