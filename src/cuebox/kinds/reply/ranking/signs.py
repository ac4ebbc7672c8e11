"""What stands in a conversation besides its meaning, as signs: short strings that a tower weighs.

A sign is there or not: which answers were just given, what a lookup said, which words were used.
The embeddings tell what was meant, the signs what exactly happened.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cuebox.core.conversation import Turn

__all__ = ["OTHER", "conversation_signs"]

# An agent's turn that is no answer of the list.
OTHER = "~"

_WORD = re.compile(r"\w+|[?!]")
_MOST_WORDS = 60
_MOST_FACTS = 40
_LONGEST_VALUE = 80
_MOST_PLACES = 12


def conversation_signs(turns: Sequence[Turn], given: Sequence[str]) -> set[str]:
    """The signs of a conversation at the moment an agent types the next turn.

    Args:
        turns: the newest turns, oldest first.
        given: for each agent's turn among them, the answer it was, or `OTHER`.
    """
    since = _since_agent(turns)
    users = [turn.text for turn in turns if turn.role == "user"]
    signs = {f"users {min(len(users), _MOST_PLACES)}", f"turns {''.join(t.role[0] for t in since)}"}
    signs.update(_given_signs(given))
    signs.update(_lookup_signs(turns, since, given[-1] if given else ""))
    newest = _words(turn.text for turn in since if turn.role == "user")
    signs.update(_newest_signs(newest))
    signs.update(f"said {word}" for word in _words(users))
    signs.update(f"began {word}" for word in _words(users[:1]))
    return signs


def _since_agent(turns: Sequence[Turn]) -> list[Turn]:
    """The turns after the agent's last one, at most the newest four."""
    start = len(turns)
    while start and turns[start - 1].role != "agent":
        start -= 1
    return list(turns[max(start, len(turns) - 4) :])


def _given_signs(given: Sequence[str]) -> Iterator[str]:
    newest = list(reversed(given))
    yield f"agents {min(len(given), _MOST_PLACES)}"
    for place in range(4):
        yield f"given {place} {newest[place] if place < len(newest) else ''}"
    yield f"given pair {' '.join(newest[:2])}"
    for answer in set(given):
        yield f"given any {answer}"


def _lookup_signs(turns: Sequence[Turn], since: Sequence[Turn], given: str) -> Iterator[str]:
    tools = [turn for turn in turns if turn.role == "tool"]
    new = [turn for turn in since if turn.role == "tool"]
    yield f"lookups {len(new)}"
    for turn in tools:
        yield f"any lookup {turn.text}"
    if tools:
        yield f"last lookup {tools[-1].text}"
        yield from (f"last {sign}" for sign in _fact_signs(tools[-1]))
    if new:
        yield f"new lookup {new[-1].text}"
        yield f"new lookup {new[-1].text} after {given}"
        yield f"new fields {new[-1].text} {','.join(list(new[-1].facts)[:_MOST_FACTS])}"
        yield from (f"new {sign}" for sign in _fact_signs(new[-1]))


def _fact_signs(turn: Turn) -> Iterator[str]:
    for field, value in list(turn.facts.items())[:_MOST_FACTS]:
        yield f"fact {field}={str(value)[:_LONGEST_VALUE]}"


def _newest_signs(words: Sequence[str]) -> Iterator[str]:
    yield f"length {min(len(words), 15)}"
    yield from (f"word {word}" for word in words)
    yield from (f"words {left} {right}" for left, right in pairwise(words))
    if words:
        yield f"first {words[0]}"
    if len(words) <= 2:
        yield f"only {' '.join(words)}"


def _words(texts: Iterable[str]) -> list[str]:
    """The first words of each text, in order."""
    found: list[str] = []
    for text in texts:
        # A word is cut too: a text without a space may be one of any length.
        part = text[: _MOST_WORDS * 12].casefold()
        found += [word[:24] for word in _WORD.findall(part)[:_MOST_WORDS]]
    return found
