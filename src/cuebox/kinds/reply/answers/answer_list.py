"""The answer list: what agents may be offered, as a person reviewed it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cuebox.core.answers import AnswerStatus  # noqa: TC001 - msgspec decodes answers

__all__ = ["Answer", "answer_id"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the list.

    Attributes:
        id: its identity for good, whatever becomes of its text.
        text: the template, as `Your order {order_id} is on its way`.
        status: `proposed` until a person accepted or rejected it.
        tags: words that a person sorts answers by.
        count: how many past turns said this; 0 for one that a person added.
        share: the same as a share of all agents' turns.
        said: a message of the past that says it, word for word.
        examples: other ways in which it was said.
        flags: what to look at before accepting: kinds of personal data in the text.
        note: whatever the reviewer wants to keep.
        merged_into: id of the answer that this one is another wording of; empty for none.
        wordings: templates of answers merged into this one; no column of the table, see `usable`.
    """

    id: str
    text: str
    status: AnswerStatus = "proposed"
    tags: tuple[str, ...] = ()
    count: int = 0
    share: float = 0.0
    said: str = ""
    examples: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    note: str = ""
    merged_into: str = ""
    wordings: tuple[str, ...] = ()

    @property
    def reviewed(self) -> bool:
        """Whether a person decided anything here: status, wording, tags, note, merging."""
        decided = self.status != "proposed" or self.tags or self.note or self.merged_into
        return bool(decided) or self.id != answer_id(self.text)


def answer_id(template: str) -> str:
    """The identity that a template has when it is first proposed."""
    return hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest()[:12]
