"""Three continuations of a text that ends anywhere, by the same rule for every model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray
    from cuebox.kinds.completion.judged import ContinueTokens
    from cuebox.kinds.completion.token_text import TokenText

__all__ = ["first_words", "suggest"]

_TOKENS_PER_WORD = 4
_WORD = re.compile(r"\s*\S+")
_NEVER = -1e9


@dataclass(slots=True)
class _Branch:
    """One suggestion while it grows.

    Attributes:
        row: of the model's last answer.
        owed: bytes that were typed and are not spelt yet.
        spelt: what the branch adds to them.
    """

    row: int
    owed: bytes
    spelt: bytes = b""
    tokens: list[int] = field(default_factory=list)
    done: bool = False


def suggest(
    model: ContinueTokens,
    texts: TokenText,
    prompt: Sequence[int],
    typed: bytes,
    *,
    words: int,
    count: int = 3,
) -> list[str]:
    """Continuations of `prompt` and then `typed`, the most probable first tokens first.

    Each begins with another token and goes on greedily until it has `words` whole words or the
    model ends the text. `typed` is the unfinished word, its space included: its tokens are not
    fixed by where typing stopped, so any token that fits it may come first.
    """
    room = min(words * _TOKENS_PER_WORD, model.context // 2)
    logs = model.begin(list(prompt)[-(model.context - room - len(typed)) :])
    start = _Branch(0, typed)
    masked = _masked(logs, texts, start)
    best = np.argsort(-masked, kind="stable")[:count]
    branches = [
        _grown(_Branch(0, typed), int(token), texts, words)
        for token in best
        if masked[token] > _NEVER / 2
    ]
    parents = [0] * len(branches)
    for _ in range(room + len(typed)):
        live = [branch for branch in branches if not branch.done]
        if not live:
            break
        answers = model.extend(
            [parent for parent, branch in zip(parents, branches, strict=True) if not branch.done],
            [branch.tokens[-1] for branch in live],
        )
        for row, branch in enumerate(live):
            branch.row = row
            _grown(branch, int(np.argmax(_masked(answers[row], texts, branch))), texts, words)
        parents = [branch.row for branch in branches]
    return [branch.spelt.decode("utf-8", "ignore") for branch in branches]


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


def _masked(logs: FloatArray, texts: TokenText, branch: _Branch) -> FloatArray:
    """Log-probabilities with `_NEVER` for what does not fit what was typed."""
    if not branch.owed:
        return logs
    allowed = texts.fitting(branch.owed)
    masked = np.full(len(logs), _NEVER, np.float32)
    masked[allowed] = logs[allowed]
    return masked


def _grown(branch: _Branch, token: int, texts: TokenText, words: int) -> _Branch:
    """The branch with one more token."""
    branch.tokens.append(token)
    piece = texts.bytes[token]
    if not piece:
        branch.done = True
        return branch
    if branch.owed:
        paid = min(len(branch.owed), len(piece))
        branch.owed, piece = branch.owed[paid:], piece[paid:]
    branch.spelt += piece
    text = branch.spelt.decode("utf-8", "ignore")
    whole = first_words(text, words)
    if whole is not None and len(whole) < len(text):
        branch.spelt = whole.encode()
        branch.done = True
    return branch
