"""Three continuations of a text that ends anywhere, by the same rule for every model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray
    from cuebox.kinds.completion.judged import ContinueTokens
    from cuebox.kinds.completion.token_text import TokenText

__all__ = ["MOST_BRANCHES", "first_words", "suggest"]

_TOKENS_PER_WORD = 4
# Branches alive at once; a step of a few more rows costs little.
MOST_BRANCHES = 8
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class _Branch:
    """One suggestion while it grows.

    Attributes:
        owed: bytes that were typed and are not spelt yet.
        spelt: what the branch adds to them.
        score: log-probability of all tokens up to the first that adds something.
    """

    owed: bytes
    score: float = 0.0
    spelt: bytes = b""
    token: int = -1
    done: bool = False

    @property
    def forks(self) -> bool:
        """Whether it has added nothing yet, so that it can go on in several ways."""
        return not self.spelt and not self.done


def suggest(
    model: ContinueTokens,
    texts: TokenText,
    prompt: Sequence[int],
    typed: bytes,
    *,
    words: int,
    count: int = 3,
) -> list[str]:
    """Different continuations of `prompt` and then `typed`, the most probable beginning first.

    Each goes on greedily from its first new text, until it has `words` whole words or the model
    ends it; to end at once is no suggestion. `typed` is the unfinished word, its space included: its tokens are not fixed by
    where typing stopped, so it is spelt in any way that the model finds likely.
    """
    room = min(words * _TOKENS_PER_WORD, model.context // 2)
    logs = model.begin(list(prompt)[-(model.context - room - len(typed)) :])[None]
    live, done = [_Branch(typed)], list[_Branch]()
    for _ in range(room + len(typed)):
        grown = [
            (row, child)
            for row, branch in enumerate(live)
            for child in _children(branch, logs[row], texts, words, count)
        ]
        done += [child for _, child in grown if child.done]
        grown = sorted(
            ((row, child) for row, child in grown if not child.done),
            key=lambda one: -one[1].score,
        )[:MOST_BRANCHES]
        live = [child for _, child in grown]
        if not live:
            break
        logs = model.extend([row for row, _ in grown], [child.token for child in live])
    ranked = sorted([*done, *live], key=lambda one: -one.score)
    found = dict.fromkeys(one.spelt.decode("utf-8", "ignore") for one in ranked)
    return list(found)[:count]


def _children(
    branch: _Branch, logs: FloatArray, texts: TokenText, words: int, count: int
) -> list[_Branch]:
    """The branch with one more token; several while it may fork."""
    if not branch.forks:
        return [_grown(branch, int(np.argmax(logs)), 0.0, texts, words)]
    fitting = texts.fitting(branch.owed)
    best = fitting[np.argsort(-logs[fitting], kind="stable")[:count]]
    return [_grown(branch, int(token), float(logs[token]), texts, words) for token in best]


def _grown(branch: _Branch, token: int, score: float, texts: TokenText, words: int) -> _Branch:
    piece = texts.bytes[token]
    if not piece:
        return replace(branch, token=token, score=branch.score + score, done=True)
    paid = min(len(branch.owed), len(piece))
    spelt = branch.spelt + piece[paid:]
    text = spelt.decode("utf-8", "ignore")
    whole = first_words(text, words)
    done = whole is not None and len(whole) < len(text)
    return _Branch(
        owed=branch.owed[paid:],
        score=branch.score + score,
        spelt=whole.encode() if whole is not None and done else spelt,
        token=token,
        done=done,
    )


def first_words(text: str, count: int) -> str | None:
    """The first `count` words with the space before them; None when there are fewer.

    A word ends where white space or the text ends.
    """
    end = 0
    for _ in range(count):
        match = _WORD.match(text, end)
        if match is None:
            return None
        end = match.end()
    return text[:end]
