"""What an agent has typed so far, and how far it is from the beginnings of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["FAR", "LONGEST", "Draft", "encode", "prefix_distances", "read_draft"]

# Characters of a draft that are compared with tolerance; behind them a slip hardly matters.
LONGEST = 40
# More edits than that are no slip any more.
FAR = 3

_MOST_MEANT = 400
_ENDINGS = tuple(".,;:!?")
_SHORTEST_WITH_SLIP = 4


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is compared; what the agent typed stays as it is.

    Attributes:
        text: case and white space folded; a space at its end is kept, one at its start is not.
        meaning: its whole words, for the encoder; empty while there are none. It changes only
            from word to word, so that most keystrokes find its embedding remembered.
    """

    text: str
    meaning: str

    @property
    def words(self) -> int:
        """Whole words."""
        return len(self.meaning.split())


def read_draft(draft: str) -> Draft:
    """Read what was typed; a very long draft is compared by its beginning."""
    typed = draft.lstrip()[: 4 * _MOST_MEANT]
    folded = " ".join(typed.split())
    whole = folded
    if folded and not typed[-1].isspace() and not folded.endswith(_ENDINGS):
        whole = folded.rpartition(" ")[0]
    elif folded and typed[-1].isspace():
        folded += " "
    return Draft(folded.casefold(), whole[:_MOST_MEANT].rstrip())


def encode(texts: Sequence[str]) -> NDArray[np.int32]:
    """Beginnings of texts, case folded, as code points `[texts, LONGEST + FAR]`; 0 is the end."""
    codes = np.zeros((len(texts), LONGEST + FAR), np.int32)
    for row, text in enumerate(texts):
        part = text[: LONGEST + FAR].casefold()[: LONGEST + FAR]
        codes[row, : len(part)] = np.fromiter(map(ord, part), np.int32, len(part))
    return codes


def prefix_distances(draft: str, codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Edits that make a draft the beginning of each text; `FAR` for many.

    Insertions, deletions and replacements count one each (Levenshtein, 1966). A draft of fewer
    than four characters has no slips: it fits, or it is far.

    Args:
        draft: folded as `read_draft` does.
        codes: of the texts, from `encode`.
    """
    part = draft[:LONGEST]
    typed = np.fromiter(map(ord, part), np.int32, len(part))
    fits = (codes[:, : len(typed)] == typed).all(axis=1)
    distances = np.where(fits, 0, FAR).astype(np.int32)
    if len(typed) >= _SHORTEST_WITH_SLIP and not fits.all():
        bound = 1 if len(typed) < 8 else 2
        found = _edits(typed, codes[~fits, : len(typed) + bound])
        distances[~fits] = np.where(found <= bound, found, FAR)
    return distances


def _edits(typed: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The fewest edits between `typed` and any beginning of each row of codes, all rows at once."""
    columns = np.arange(codes.shape[1] + 1, dtype=np.int32)
    row = np.broadcast_to(columns, (len(codes), len(columns)))
    for number, character in enumerate(typed, 1):
        kept = row[:, :-1] + (codes != character)
        below = np.empty((len(codes), len(columns)), np.int32)
        below[:, 0] = number
        np.minimum(kept, row[:, 1:] + 1, out=below[:, 1:])
        # What is inserted along the row: the least of all that come before, one more a step.
        row = np.minimum.accumulate(below - columns, axis=1) + columns
    return np.asarray(row.min(axis=1), np.int32)
