"""Log-probabilities in OpenAI's form."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cuebox.core.generation import TokenLogprobs
from cuebox.generation.choices.sampling import best, log_softmax, picked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.core.types import FloatArray
    from cuebox.generation.choices.row import Pick, Row
    from cuebox.generation.choices.vocabulary import Vocabulary

__all__ = ["Entry", "PromptLogprobs", "row_entries", "shown_text", "token_logprobs"]


class Entry(NamedTuple):
    """One token to be reported: its bytes, its log-probability, and what was as probable."""

    data: bytes
    logprob: float | None
    top: dict[str, float] | None


def token_logprobs(
    entries: Iterable[Entry], offset: int, limit: int, *, tops: bool
) -> TokenLogprobs:
    """The parallel lists for entries whose text begins at character `offset`, up to `limit`.

    The tokens' texts joined are the text, but for those which are no UTF-8 by themselves.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    shown = TokenLogprobs([], [], [] if tops else None, [])
    for data, logprob, top in entries:
        if offset >= limit:
            break
        text = decoder.decode(data)[: limit - offset]
        shown.tokens.append(text if _is_text(data) else shown_text(data))
        shown.token_logprobs.append(logprob)
        # Sentencepiece puts a space before a text that nobody typed.
        shown.text_offset.append(max(offset, 0))
        if shown.top_logprobs is not None:
            shown.top_logprobs.append(top)
        offset += len(text)
    return shown


def shown_text(data: bytes) -> str:
    r"""Text of one token; `bytes:\xe2\x82` where it is not UTF-8 by itself."""
    if _is_text(data):
        return data.decode()
    return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def row_entries(row: Row, vocabulary: Vocabulary, mass: float, *, whole: bool) -> list[Entry]:
    """Entries of a row's tokens; `mass` is the log-probability of its stem.

    What healing reproduced is left out unless `whole`. The token which goes beyond the stem is
    trimmed to what it adds, and its log-probability, as those of the tokens which could have
    stood in its place, is that of the whole way to it, given what was typed.
    """
    entries = []
    rest = row.stem
    way = -mass
    for token, logprob, top in zip(row.tokens, row.logprobs, row.tops, strict=True):
        data = vocabulary.shown(token)
        covers = bool(rest) and len(data) >= len(rest)
        given = way if covers else 0.0
        known = {} if whole else {"trim": len(rest)}
        if whole or len(data) > len(rest):
            names = _names(top, vocabulary, given, **known)
            entries.append(Entry(data if whole else data[len(rest) :], logprob + given, names))
        way += logprob
        rest = rest[len(data) :]
    return entries


class PromptLogprobs:
    """The log-probabilities of a prompt's tokens, read as its logits come."""

    def __init__(self, tokens: Sequence[int], alternatives: int) -> None:
        self._tokens = tokens
        self._alternatives = alternatives
        self._logprobs: list[float] = []
        self._tops: list[list[Pick]] = []

    def read(self, logits: FloatArray) -> None:
        """Logits `[k, vocab]` after the next `k` tokens."""
        scratch = np.empty(logits.shape[1], dtype=np.float32)
        for values in logits:
            place = len(self._logprobs) + 1
            if place >= len(self._tokens):
                return
            norm = log_softmax(values, scratch)
            self._logprobs.append(picked(values, self._tokens[place], norm).logprob)
            found = best(values, self._alternatives) if self._alternatives else ()
            self._tops.append([picked(values, int(id_), norm) for id_ in found])

    def entries(self, vocabulary: Vocabulary, hidden: int) -> list[Entry]:
        """Entries of all but the first `hidden` tokens; the first shown one has no value."""
        entries: list[Entry] = []
        for place, token in enumerate(self._tokens[hidden:], hidden):
            data = vocabulary.shown(token)
            if not entries or place > len(self._logprobs):
                entries.append(Entry(data, None, None))
            else:
                names = _names(self._tops[place - 1], vocabulary, 0.0)
                entries.append(Entry(data, self._logprobs[place - 1], names))
        return entries


def _names(
    top: list[Pick], vocabulary: Vocabulary, given: float, trim: int = 0
) -> dict[str, float]:
    """Texts of tokens to their log-probabilities; of equal texts the most probable token's."""
    names: dict[str, float] = {}
    for token, logprob in top:
        data = vocabulary.shown(token)
        if len(data) >= trim:
            names.setdefault(shown_text(data[trim:]), logprob + given)
    return names


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
