"""What a person decided about answers, carried over to a list made from new conversations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cuebox.kinds.reply.answers.answer_list import Answer

__all__ = ["merge_reviewed"]

_WORD = re.compile(r"\{\w+\}|\w+")
_SAME = 0.85


def merge_reviewed(old: Sequence[Answer], new: Sequence[Answer]) -> list[Answer]:
    """The new list with the old one's decisions.

    A new answer is an old one if it has its id or, where none has, nearly its words. It keeps the
    old one's id, wording, status, tags, note and what it is merged into, and takes the new counts
    and examples. Reviewed answers that nobody says any more stay, with a count of 0, and so do
    those that others are merged into; unreviewed ones go.
    """
    old_of = _matches(old, new)
    merged = [_carry_over(old_of[number], one) for number, one in enumerate(new)]
    kept = {answer.id for answer in merged}
    targets = {answer.merged_into for answer in old}
    merged += [
        replace(answer, count=0, share=0.0)
        for answer in old
        if (answer.reviewed or answer.id in targets) and answer.id not in kept
    ]
    return merged


def _carry_over(before: Answer | None, now: Answer) -> Answer:
    if before is None:
        return now
    return replace(
        now,
        id=before.id,
        text=before.text if before.reviewed else now.text,
        status=before.status,
        tags=before.tags,
        note=before.note,
        merged_into=before.merged_into,
    )


def _matches(old: Sequence[Answer], new: Sequence[Answer]) -> list[Answer | None]:
    """For each new answer the old one that it is; no old one twice."""
    by_id = {answer.id: answer for answer in old}
    found = [by_id.get(answer.id) for answer in new]
    free = {answer.id for answer in old if answer.reviewed}
    free -= {answer.id for answer in found if answer is not None}
    alike = _Alike([answer for answer in old if answer.id in free])
    for number, answer in enumerate(new):
        if found[number] is None:
            best = alike.best(answer)
            if best is not None and best.id in free:
                free.discard(best.id)
                found[number] = best
    return found


class _Alike:
    """Finds the answer that shares most words, without comparing with all of them."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._entries: list[tuple[Answer, Counter[str]]] = []
        self._with_word: dict[str, list[int]] = defaultdict(list)
        for answer in answers:
            for text in {answer.text, answer.said} - {""}:
                words = _words(text)
                for word in words:
                    self._with_word[word].append(len(self._entries))
                self._entries.append((answer, words))

    def best(self, answer: Answer) -> Answer | None:
        """The most similar answer, if it is similar enough."""
        scored: dict[int, float] = {}
        for text in {answer.text, answer.said} - {""}:
            words = _words(text)
            shared: Counter[int] = Counter()
            for word in words:
                shared.update(self._with_word.get(word, ()))
            for number, _ in shared.most_common(20):
                similarity = _overlap(words, self._entries[number][1])
                scored[number] = max(scored.get(number, 0.0), similarity)
        best = max(scored, key=lambda one: (scored[one], -one), default=None)
        if best is None or scored[best] < _SAME:
            return None
        return self._entries[best][0]


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _overlap(left: Mapping[str, int], right: Mapping[str, int]) -> float:
    """Shared words of all words, repetitions counted."""
    names = {*left, *right}
    shared = sum(min(left.get(name, 0), right.get(name, 0)) for name in names)
    return shared / sum(max(left.get(name, 0), right.get(name, 0)) for name in names)
