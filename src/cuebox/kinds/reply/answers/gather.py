"""What agents said, masked and counted."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuebox.kinds.reply.slots.known_values import KnownValues
from cuebox.kinds.reply.slots.masking import mask_known
from cuebox.kinds.reply.slots.matching import TemplateIndex, fold
from cuebox.kinds.reply.slots.value_patterns import find_persons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cuebox.core.conversation import Turn
    from cuebox.kinds.reply.conversations.reading import Conversation

__all__ = ["Gathered", "Wording", "agent_turns", "gather"]

_KEPT = 4
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Wording:
    """A template that agents used.

    Attributes:
        count: how many turns said it.
        said: some of these turns, word for word, the first one first.
    """

    template: str
    count: int = 0
    said: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Count one more turn."""
        self.count += 1
        if len(self.said) < _KEPT and text not in self.said:
            self.said.append(text)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that agents said.

    Attributes:
        wordings: the most frequent first.
        turns: how many agents' turns there were.
        names: names by which customers introduced themselves.
    """

    wordings: list[Wording]
    turns: int
    names: frozenset[str]


def gather(
    conversations: Iterable[Conversation], *, frequent: int, progress: Callable[[int], None]
) -> Gathered:
    """Mask and count the agents' turns.

    A turn can often be masked in several ways. What was masked as something rare is looked at
    again: if a template used at least `frequent` times gives the very same text, it counts there.

    Args:
        conversations: those to learn from; gone through twice.
        progress: told how many conversations are done.
    """
    several = list(conversations)
    wordings: dict[str, Wording] = {}
    masked: list[str] = []
    names = _Names()
    for conversation in several:
        names.add([spoken.turn for spoken in conversation.turns])
        for text, known in agent_turns(conversation):
            template = fold(mask_known(text, known).text)
            masked.append(template)
            wordings.setdefault(template, Wording(template)).add(text)
        progress(1)
    recounted = _recount(several, masked, wordings, frequent)
    return Gathered(recounted, len(masked), names.found())


def _recount(
    conversations: Iterable[Conversation],
    masked: Sequence[str],
    first: dict[str, Wording],
    frequent: int,
) -> list[Wording]:
    ranked = sorted(first.values(), key=lambda one: (-one.count, one.template))
    common = [one.template for one in ranked if one.count >= frequent]
    index = TemplateIndex(common)
    wordings: dict[str, Wording] = {}
    templates = iter(masked)
    for conversation in conversations:
        for text, known in agent_turns(conversation):
            template = next(templates)
            if first[template].count < frequent:
                found = index.find(text, known)
                template = common[found[0]] if found else template
            wordings.setdefault(template, Wording(template)).add(text)
    return sorted(wordings.values(), key=lambda one: (-one.count, one.template))


def agent_turns(conversation: Conversation) -> Iterator[tuple[str, KnownValues]]:
    """Each agent's turn with what the turns before it tell."""
    turns = [spoken.turn for spoken in conversation.turns]
    for number, turn in enumerate(turns):
        if turn.role == "agent":
            yield turn.text, KnownValues(turns[:number])


class _Names:
    """Names by which customers introduce themselves, told from words that only begin a text."""

    def __init__(self) -> None:
        self._introduced: set[str] = set()
        self._written: Counter[str] = Counter()

    def add(self, turns: Sequence[Turn]) -> None:
        """Look at one conversation."""
        for number, turn in enumerate(turns):
            if turn.role == "user":
                self._written.update(_WORD.findall(turn.text))
                before = turns[number - 1].text.lower() if number else ""
                for name in find_persons(turn.text, asked_for_name="name" in before):
                    self._introduced.update(_WORD.findall(name))

    def found(self) -> frozenset[str]:
        """Those that are written with a capital more often than without."""
        written = self._written
        return frozenset(
            name
            for name in self._introduced
            if name[0].isupper() and len(name) > 2 and written[name] > written[name.lower()]
        )
