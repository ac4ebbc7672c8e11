"""Texts of several jobs as few, nearly rectangular runs of the encoder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cuebox.core.errors import CueboxError, InvalidRequest
from cuebox.core.types import Embedded, TokenBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import Encoder, Tokenizer

__all__ = ["Outcome", "Row", "encode_rows", "encode_text", "too_long"]

Outcome = Embedded | CueboxError

# Beyond this many tokens a run keeps the core busy anyway and company gains nothing.
_MOST_TOKENS = 160
# Padding costs as much as text.
_MOST_PADDING = 1.3


class Row:
    """One text (or its token ids) on its way through the encoder.

    Attributes:
        alone: in a run of its own, so that its embedding depends on nothing else.
        outcome: what came of it, once it went through.
        tokenize, encode: seconds; the run's whole time for every text in it.
    """

    __slots__ = ("alone", "encode", "ids", "keep_whole", "outcome", "text", "tokenize", "total")

    def __init__(self, text: str | Sequence[int], *, keep_whole: bool, alone: bool = False) -> None:
        self.text = text
        self.keep_whole = keep_whole
        self.alone = alone
        self.ids: Sequence[int] = ()
        self.total = 0
        self.outcome: Outcome | None = None
        self.tokenize = 0.0
        self.encode = 0.0


def encode_rows(rows: Sequence[Row], tokenizer: Tokenizer, encoder: Encoder) -> None:
    """Give every row its outcome; the fault of one is an error of that one alone."""
    for row in rows:
        _tokenize(row, tokenizer)
    waiting = sorted((row for row in rows if row.outcome is None), key=lambda row: len(row.ids))
    while waiting:
        size = _group(waiting)
        _run(waiting[:size], encoder)
        waiting = waiting[size:]


def encode_text(text: str, tokenizer: Tokenizer, encoder: Encoder) -> Embedded:
    """Embed one text alone.

    Raises:
        CueboxError: it cannot be.
    """
    row = Row(text, keep_whole=False)
    encode_rows([row], tokenizer, encoder)
    if isinstance(row.outcome, Embedded):
        return row.outcome
    raise row.outcome or CueboxError("the text was not encoded")


def too_long(total: int, limit: int) -> InvalidRequest:
    """The error for a text over the encoder's length that must not be cut."""
    return InvalidRequest(
        f"the text has {total} tokens, the encoder reads {limit}: "
        "shorten it, or send truncate='end'"
    )


def _tokenize(row: Row, tokenizer: Tokenizer) -> None:
    started = time.monotonic()
    if isinstance(row.text, str):
        try:
            tokens = tokenizer.encode(row.text)
        except CueboxError as error:
            row.outcome = error
            return
        row.ids, row.total = tokens.ids, tokens.total
    else:
        row.ids, row.total = row.text, len(row.text)
    if row.keep_whole and row.total > len(row.ids):
        row.outcome = too_long(row.total, len(row.ids))
    row.tokenize = time.monotonic() - started


def _group(rows: Sequence[Row]) -> int:
    """How many of the rows, shortest first, go into the next run."""
    tokens = len(rows[0].ids)
    size = 1
    for row in rows[1:]:
        longest = len(row.ids)
        padded = longest * (size + 1)
        tokens += longest
        if padded > _MOST_TOKENS or padded > _MOST_PADDING * tokens:
            break
        if row.alone or rows[0].alone:
            break
        size += 1
    return size


def _run(rows: Sequence[Row], encoder: Encoder) -> None:
    started = time.monotonic()
    try:
        vectors = encoder.run(TokenBatch.of([row.ids for row in rows]))
    except Exception as error:  # a worker outlives any fault of an engine
        if len(rows) > 1:
            for row in rows:
                _run([row], encoder)
            return
        rows[0].outcome = _failure(error, rows[0])
        return
    seconds = time.monotonic() - started
    for row, found in zip(rows, vectors, strict=True):
        vector = found.copy()
        vector.flags.writeable = False
        row.outcome = Embedded(vector, len(row.ids), row.total)
        row.encode = seconds


def _failure(error: Exception, row: Row) -> CueboxError:
    if not isinstance(row.text, str):
        # The tokenizer knows the vocabulary; a client that sends ids may not.
        return InvalidRequest(f"these token ids do not fit the encoder: {error}")
    if isinstance(error, CueboxError):
        return error
    return CueboxError(f"the encoder failed: {type(error).__name__}: {error}")
