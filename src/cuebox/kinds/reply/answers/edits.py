"""A reviewer's changes, put upon a list that others may have changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from cuebox.core.errors import Conflict, InvalidRequest
from cuebox.kinds.reply.answers.answer_list import Answer, answer_id
from cuebox.kinds.reply.answers.merging import BrokenMerge, merge_roots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.answers import (
        AnswerEdit,
        AnswerEdits,
        AnswerFields,
        NewAnswer,
        SeenFields,
    )
    from cuebox.core.errors import CueboxError

__all__ = ["apply_edits"]

_FIELDS = ("status", "text", "tags", "note", "merged_into")
_SHOWN = 200


def apply_edits(
    answers: Sequence[Answer], batch: AnswerEdits, *, unchanged: bool
) -> tuple[list[Answer], list[str]]:
    """The list with the batch, and the ids that the batch names, each once.

    Args:
        answers: the list as it is now.
        batch: all of it is applied, or nothing.
        unchanged: whether `answers` is the very list that the batch is based on.

    Raises:
        InvalidRequest: a value does not fit, or there is neither `was` nor a revision.
        Conflict: the revision is an old one, an answer or a field is not as the reviewer saw it; `param` is its place in the
            batch.
    """
    rows = {answer.id: answer for answer in answers}
    named: dict[str, None] = {}
    for number, new in enumerate(batch.add):
        added = _added(new, rows, f"add[{number}]")
        rows[added.id] = added
        named[added.id] = None
    place_of: dict[str, str] = {}
    for number, edit in enumerate(batch.edits):
        place = f"edits[{number}]"
        if edit.id not in rows:
            raise Conflict(f"the list has no answer {edit.id!r}", param=f"{place}.id")
        rows[edit.id] = _edited(
            rows[edit.id], edit, place, unchanged=unchanged, revised=bool(batch.revision)
        )
        named[edit.id] = None
        place_of[edit.id] = place
    after = list(rows.values())
    _check_merges(after, place_of)
    return after, list(named)


def _added(new: NewAnswer, rows: dict[str, Answer], place: str) -> Answer:
    text = _text(new.text, f"{place}.text")
    tags = _tags(new.tags, f"{place}.tags")
    identity = new.id or answer_id(text)
    there = rows.get(identity)
    if there is None:
        return Answer(id=identity, text=text, status=new.status, tags=tags, note=new.note)
    if new.id or there.text == text:
        return there  # sent again
    raise Conflict(
        f"answer {identity} began with this text and says {_shown(there.text)} now; "
        "give the new one an id of its own",
        param=f"{place}.text",
    )


def _edited(
    answer: Answer, edit: AnswerEdit, place: str, *, unchanged: bool, revised: bool
) -> Answer:
    changes: dict[str, Any] = {}
    for name in _FIELDS:
        value = _wanted(edit.set, name, f"{place}.set")
        now = getattr(answer, name)
        if value in (UNSET, now):
            continue
        was = _seen(edit.was, name)
        if was is UNSET and not unchanged:
            raise _unfounded(name, f"{place}.was.{name}", revised=revised)
        if was not in (UNSET, now):
            raise Conflict(
                f"someone else changed answer {answer.id}: its {name} is {_shown(now)} now, "
                f"not {_shown(was)}",
                param=f"{place}.set.{name}",
            )
        changes[name] = value
    return replace(answer, **changes) if changes else answer


def _unfounded(name: str, place: str, *, revised: bool) -> CueboxError:
    """Nothing says that the reviewer saw what is there now."""
    if revised:
        return Conflict(f"the list has changed since that revision: look at {name}", param=place)
    return InvalidRequest(
        f"give the value of {name} that you saw as `was`, or the list's `revision`", param=place
    )


def _wanted(fields: AnswerFields, name: str, place: str) -> Any:  # noqa: ANN401 - a field's
    """A field's new value as the list holds it; `UNSET` where it is left out."""
    value = getattr(fields, name)
    if value is UNSET:
        return value
    if name == "tags":
        return _tags(value, f"{place}.tags")
    if name == "text":
        return _text(value, f"{place}.text")
    return value.strip() if name == "merged_into" else value


def _seen(fields: SeenFields, name: str) -> Any:  # noqa: ANN401 - a field's
    """What was in a field, as the list holds it; `UNSET` where it is left out."""
    value = getattr(fields, name)
    return tuple(value) if isinstance(value, list) else value


def _text(text: str, place: str) -> str:
    if not text.strip():
        raise InvalidRequest("the text is blank; reject an answer by its status", param=place)
    return text


def _tags(tags: Sequence[str], place: str) -> tuple[str, ...]:
    """Each once, white space folded."""
    folded = [" ".join(tag.split()) for tag in tags]
    for number, tag in enumerate(folded):
        if "," in tag or ";" in tag:
            raise InvalidRequest(
                f"the tag {tag!r} holds a comma or semicolon, which separate tags in the table",
                param=f"{place}[{number}]",
            )
    return tuple(dict.fromkeys(tag for tag in folded if tag))


def _check_merges(answers: Sequence[Answer], place_of: dict[str, str]) -> None:
    try:
        merge_roots(answers)
    except BrokenMerge as error:
        place = place_of.get(error.id)
        param = f"{place}.set.merged_into" if place else None
        raise Conflict(f"answer {error.id} cannot be merged: {error}", param=param) from None


def _shown(value: object) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
