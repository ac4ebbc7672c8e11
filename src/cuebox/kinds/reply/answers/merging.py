"""Answers that a person merged: one is offered, all of them are ways of saying it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.kinds.reply.answers.answer_list import Answer

__all__ = ["BrokenMerge", "merge_roots", "usable"]


class BrokenMerge(ValueError):
    """An answer is merged into one that is not there, or into itself.

    Attributes:
        id: the answer.
    """

    def __init__(self, identity: str, message: str) -> None:
        super().__init__(message)
        self.id = identity


def merge_roots(answers: Iterable[Answer]) -> dict[str, str]:
    """For each merged answer the id of the one that stands for it in the end.

    Raises:
        BrokenMerge: a target that the list does not have, or a chain that closes.
    """
    target_of = {answer.id: answer.merged_into for answer in answers}
    roots: dict[str, str] = {}
    for identity, target in target_of.items():
        if target and identity not in roots:
            _follow(identity, target_of, roots)
    return roots


def _follow(start: str, target_of: dict[str, str], roots: dict[str, str]) -> None:
    """Find the end of one chain, and note it for every answer on the way."""
    way: dict[str, None] = {}
    here = start
    while target := target_of[here]:
        way[here] = None
        if target not in target_of:
            raise BrokenMerge(here, f"there is no answer {target!r}")
        if target in way:
            raise BrokenMerge(here, f"{target!r} is itself merged into {here!r}")
        here = roots.get(target, target)
        if target in roots:
            break
    roots.update(dict.fromkeys(way, here))


def usable(answers: Sequence[Answer]) -> list[Answer]:
    """The answers that may be offered: neither rejected nor merged into another.

    One that others are merged into has their counts, examples and wordings as well.

    Raises:
        BrokenMerge: as `merge_roots` says.
    """
    roots = merge_roots(answers)
    merged: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.id in roots:
            merged.setdefault(roots[answer.id], []).append(answer)
    return [
        _joined(answer, merged.get(answer.id, []))
        for answer in answers
        if answer.status != "rejected" and answer.id not in roots
    ]


def _joined(answer: Answer, others: Sequence[Answer]) -> Answer:
    if not others:
        return answer
    ways = [*answer.examples]
    for other in others:
        ways += [other.said, *other.examples]
    return replace(
        answer,
        count=answer.count + sum(other.count for other in others),
        share=answer.share + sum(other.share for other in others),
        said=answer.said or next((way for way in ways if way), ""),
        examples=tuple(way for way in dict.fromkeys(ways) if way and way != answer.said),
        wordings=tuple(dict.fromkeys(other.text for other in others if other.text != answer.text)),
    )
