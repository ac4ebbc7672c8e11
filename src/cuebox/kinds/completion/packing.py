"""Windows of one length from documents of any: an epoch's plan, and its batches.

Best-fit packing (Ding et al., "Fewer Truncations Improve Language Modeling", 2024): a document
that fits into a window is never cut; longer ones are cut at another place in each epoch.
Windows are planned as slices of token files, so that memory holds no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.completion.token_file import COUNTED, USER_TURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.completion.token_file import TokenFile

__all__ = ["Batch", "Part", "Windows"]


@dataclass(frozen=True, slots=True)
class Part:
    """One corpus of the mixture.

    Attributes:
        weight: in the loss.
        share: how much of it an epoch shows.
    """

    file: TokenFile
    weight: float = 1.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """`inputs` and `targets` int64 and `weights` float32, `[windows, context]` each."""

    inputs: IntArray
    targets: IntArray
    weights: FloatArray

    def join(self, other: Batch) -> Batch:
        """The windows of both."""
        return Batch(
            np.concatenate([self.inputs, other.inputs]),
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
        )


# Corpus, first token and the one after the last.
_Piece = tuple[int, int, int]


class Windows:
    """The windows of one epoch, in a random order that the seed and the epoch decide."""

    def __init__(
        self, parts: Sequence[Part], *, context: int, user_weight: float, filler: int, seed: int,
        epoch: int,
    ) -> None:  # fmt: skip
        self._parts, self._context, self._filler = parts, context, filler
        self._mark_weights = np.zeros(256, np.float32)
        self._mark_weights[USER_TURN], self._mark_weights[COUNTED] = user_weight, 1.0
        random = np.random.default_rng([seed, epoch])
        pieces: list[_Piece] = []
        for number, part in enumerate(parts):
            own = _pieces(number, part.file, context, random)
            if part.share < 1:
                chosen = random.permutation(len(own))[: max(1, round(len(own) * part.share))]
                own = [own[place] for place in chosen.tolist()]
            pieces += own
        windows = _pack(pieces, context + 1)
        self._windows = [windows[place] for place in random.permutation(len(windows)).tolist()]

    def __len__(self) -> int:
        return len(self._windows)

    def batch(self, first: int, count: int) -> Batch:
        """Windows `first` and on; fewer than `count` at the end of the epoch."""
        chosen = self._windows[first : first + count]
        shape = (len(chosen), self._context + 1)
        tokens = np.full(shape, self._filler, np.int64)
        weights = np.zeros(shape, np.float32)
        for row, pieces in enumerate(chosen):
            at = 0
            for corpus, start, end in pieces:
                part, to = self._parts[corpus], at + end - start
                marks = part.file.marks[start:end]
                tokens[row, at:to] = part.file.tokens[start:end]
                weights[row, at:to] = self._mark_weights[marks] * part.weight
                # What comes before a piece in its window says nothing about its first token.
                weights[row, at] = 0
                at = to
        return Batch(tokens[:, :-1], tokens[:, 1:], weights[:, 1:])


def _pieces(
    number: int, file: TokenFile, context: int, random: np.random.Generator
) -> list[_Piece]:
    """Documents, the long ones cut; each cut leaves one token on both sides of it.

    The first token of a piece is only read, so that with the shared token every token of a
    long document is predicted once.
    """
    pieces: list[_Piece] = []
    for start, end in zip(file.starts[:-1].tolist(), file.starts[1:].tolist(), strict=True):
        if end - start <= context + 1:
            pieces.append((number, start, end))
            continue
        cut = start + int(random.integers(1, context + 1))
        pieces.append((number, start, cut + 1))
        pieces += [(number, at, min(at + context + 1, end)) for at in range(cut, end - 1, context)]
    return [piece for piece in pieces if piece[2] - piece[1] > 1]


def _pack(pieces: Sequence[_Piece], room: int) -> list[list[_Piece]]:
    """Put each piece, longest first, into the window that it leaves least room in."""
    by_room: list[list[int]] = [[] for _ in range(room + 1)]
    windows: list[list[_Piece]] = []
    fullest = _Fullest(room)
    for piece in sorted(pieces, key=lambda one: one[2] - one[1], reverse=True):
        size = piece[2] - piece[1]
        free = fullest.at_least(size)
        if free is None:
            windows.append([piece])
            window, free = len(windows) - 1, room
        else:
            window = by_room[free].pop()
            fullest.add(free, -1)
            windows[window].append(piece)
        by_room[free - size].append(window)
        fullest.add(free - size, 1)
    return windows


class _Fullest:
    """Finds the least room that is at least as large as asked, in logarithmic time."""

    def __init__(self, room: int) -> None:
        self._leaves = 1 << room.bit_length()
        self._counts = [0] * (2 * self._leaves)

    def add(self, room: int, change: int) -> None:
        node = room + self._leaves
        while node:
            self._counts[node] += change
            node >>= 1

    def at_least(self, room: int) -> int | None:
        node = room + self._leaves
        if self._counts[node]:
            return room
        while node > 1:
            if node % 2 == 0 and self._counts[node + 1]:
                node += 1
                break
            node >>= 1
        else:
            return None
        while node < self._leaves:
            node = 2 * node if self._counts[2 * node] else 2 * node + 1
        return node - self._leaves
