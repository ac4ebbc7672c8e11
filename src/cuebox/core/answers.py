"""Answer lists as they are reviewed over HTTP: what is shown, and what a reviewer may change."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "STATUSES",
    "AnswerEdit",
    "AnswerEdits",
    "AnswerFields",
    "AnswerList",
    "AnswerListInfo",
    "AnswerRow",
    "AnswerStatus",
    "AnswersSettings",
    "EditedAnswers",
    "NewAnswer",
    "SeenFields",
]

AnswerStatus = Literal["proposed", "accepted", "rejected"]
STATUSES: tuple[AnswerStatus, ...] = ("proposed", "accepted", "rejected")

_Text = Annotated[str, msgspec.Meta(max_length=10_000)]
_Tags = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=100)]],
    msgspec.Meta(max_length=50),
]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_NewId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{0,64}$")]


class AnswersSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Answer lists that may be reviewed over HTTP, with a key of scope `admin`.

    Attributes:
        folder: where the lists are, each a `NAME.csv` as `cuebox replies extract` writes it;
            empty: none are shown.
    """

    folder: str = ""


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer of a list; what is empty, 0 or `proposed` may be left out.

    Attributes:
        id: its identity for good, whatever becomes of its text.
        text: the template, as `Your order {order_id} is on its way`.
        status: `proposed` until a person accepted or rejected it.
        tags: words that a person sorts answers by.
        count: how many past turns said this, those of answers merged into it not counted.
        share: the same as a share of all agents' turns.
        said: a message of the past that says it, word for word.
        examples: other ways in which it was said.
        flags: what to look at before accepting: kinds of personal data in the text.
        note: whatever the reviewer wants to keep.
        merged_into: the answer that this one is another wording of. It is offered no more; its
            count, its examples and its text as a way of saying it go to that answer.
    """

    id: str
    text: str
    status: AnswerStatus = "proposed"
    tags: list[str] = []
    count: int = 0
    share: float = 0.0
    said: str = ""
    examples: list[str] = []
    flags: list[str] = []
    note: str = ""
    merged_into: str = ""


class AnswerListInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A list and how far its review is.

    Attributes:
        name: of the list; its file is `NAME.csv`.
        changed: when the file was last written, RFC 3339.
        answers: how many rows it has.
        counts: how many of them are `proposed`, `accepted`, `rejected` and `merged`.
        problem: why the file cannot be read; empty when it can.
    """

    name: str
    changed: str
    answers: int = 0
    counts: dict[str, int] = {}
    problem: str = ""


class AnswerList(msgspec.Struct, frozen=True, kw_only=True):
    """A whole list.

    Attributes:
        name: of the list.
        revision: changes with every change of the file, whoever made it.
        changed: when the file was last written, RFC 3339.
        answers: in the order of the file.
    """

    name: str
    revision: str
    changed: str
    answers: list[AnswerRow]


class AnswerFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of an answer that a person decides; those left out stay as they are.

    Attributes:
        status: `proposed`, `accepted` or `rejected`.
        text: the template; not blank.
        tags: all of them, without commas and semicolons.
        note: whatever is worth keeping.
        merged_into: id of the answer that this one is another wording of; empty for none.
    """

    status: AnswerStatus | UnsetType = UNSET
    text: _Text | UnsetType = UNSET
    tags: _Tags | UnsetType = UNSET
    note: _Text | UnsetType = UNSET
    merged_into: Annotated[str, msgspec.Meta(max_length=200)] | UnsetType = UNSET


class SeenFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer saw of an answer, as `GET` gave it.

    Attributes:
        status: `proposed`, `accepted` or `rejected`.
        text: the template.
        tags: all of them.
        note: empty for none.
        merged_into: empty for none.
    """

    status: AnswerStatus | UnsetType = UNSET
    text: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    note: str | UnsetType = UNSET
    merged_into: str | UnsetType = UNSET


class AnswerEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change about one answer.

    Attributes:
        id: the answer.
        set: fields and their new values.
        was: the values that the reviewer saw. A field that has another value now was changed by
            someone else: the answer is 409. A field that has the new value already is left as it
            is, so an edit may be sent again.
    """

    id: _Id
    set: AnswerFields
    was: SeenFields = SeenFields()


class NewAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer that nobody gave yet.

    Attributes:
        id: chosen by the client, so that it may send this again; empty for one made of the text.
        text: the template; not blank.
        status: as a rule what a person writes is accepted.
        tags: words to sort it by, without commas and semicolons.
        note: whatever is worth keeping.
    """

    id: _NewId = ""
    text: _Text
    status: AnswerStatus = "accepted"
    tags: _Tags = []
    note: _Text = ""


class AnswerEdits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch of changes: all of them are made, or none.

    Attributes:
        revision: the list that the edits are based on. Needed only for fields whose `was` is left
            out: these are changed if the file is still as it was then.
        edits: changes of answers that are there.
        add: answers to put at the end of the list.
    """

    revision: Annotated[str, msgspec.Meta(max_length=100)] = ""
    edits: Annotated[list[AnswerEdit], msgspec.Meta(max_length=1000)] = []
    add: Annotated[list[NewAnswer], msgspec.Meta(max_length=1000)] = []


class EditedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch.

    Attributes:
        before: revision of the list that the batch was applied to; where it is not the one that
            the client has, others changed the list meanwhile.
        revision: of the list now.
        changed: when the file was last written, RFC 3339.
        answers: those that the batch names, as they are now.
    """

    before: str
    revision: str
    changed: str
    answers: list[AnswerRow]
