"""Trains a context tower in numpy: softmax over the answers of the list and "none of them"."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuebox.kinds.reply.ranking.context import POOLS
from cuebox.kinds.reply.ranking.tower import Tower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.kinds.reply.ranking.context import Context
    from cuebox.kinds.reply.settings import TrainingSettings

__all__ = ["Rows", "gather", "learn_vocabulary", "train_tower"]

_BATCH = 256
_WARMUP = 0.05
_BETA1, _BETA2, _EPSILON = 0.9, 0.99, 1e-8
# Names of weights that decay.
_DECAYING = ("sign_weight", "pool_weight", "own", "projection")


@dataclass(frozen=True, slots=True)
class Rows:
    """Contexts ready for a tower.

    Attributes:
        signs: for each row the places of its signs in the vocabulary.
        pooled: float16 `[rows, pools * dim]`, of unit variance.
        targets: `[rows]`, place of the answer in the list; the list's length for none of it.
    """

    signs: Sequence[IntArray]
    pooled: np.ndarray[tuple[int, int], np.dtype[np.float16]]
    targets: IntArray

    def __len__(self) -> int:
        return len(self.targets)


def gather(
    contexts: Sequence[Context],
    targets: Sequence[int],
    embed: Callable[[Sequence[str]], FloatArray],
    vocabulary: Sequence[str],
) -> Rows:
    """Rows of contexts; every text is embedded once."""
    texts = list(dict.fromkeys(text for context in contexts for text in context.texts))
    vectors = embed(texts)
    row_of = {text: row for row, text in enumerate(texts)}
    place_of = {sign: place for place, sign in enumerate(vocabulary)}
    pooled = np.zeros((len(contexts), len(POOLS) * vectors.shape[1]), np.float16)
    signs: list[IntArray] = []
    for row, context in enumerate(contexts):
        if context.texts:
            pooled[row] = context.pooled(vectors[[row_of[text] for text in context.texts]])
        known = sorted(place_of[sign] for sign in context.signs if sign in place_of)
        signs.append(np.asarray(known, np.int64))
    return Rows(signs, pooled, np.asarray(targets, np.int64))


def learn_vocabulary(contexts: Sequence[Context], *, at_least: int) -> tuple[str, ...]:
    """The signs that so many contexts show, sorted."""
    counts = Counter(sign for context in contexts for sign in context.signs)
    return tuple(sorted(sign for sign, count in counts.items() if count >= at_least))


def train_tower(
    rows: Rows,
    vocabulary: tuple[str, ...],
    ids: tuple[str, ...],
    answer_embeddings: FloatArray,
    settings: TrainingSettings,
    *,
    seed: int,
    on_step: Callable[[int], None] = lambda _: None,
) -> Tower:
    """Train on rows.

    Args:
        rows: of training conversations.
        vocabulary: the signs that rows count.
        ids: of the answers.
        answer_embeddings: `[answers, dim]`, of their templates.
        settings: how.
        seed: the same seed and rows give the same tower.
        on_step: told how many more epochs are done.
    """
    training = _Training(rows, len(vocabulary), answer_embeddings, settings, seed)
    for _ in range(settings.epochs):
        training.epoch()
        on_step(1)
    return training.tower(vocabulary, ids)


class _Training:
    """Parameters by name, and Adam's two moments of each."""

    def __init__(
        self,
        rows: Rows,
        signs: int,
        answers: FloatArray,
        settings: TrainingSettings,
        seed: int,
    ) -> None:
        self._rows = rows
        self._answers = answers
        self._settings = settings
        self._rng = np.random.default_rng(seed)
        # Components of a unit vector have variance 1 / dim.
        self._scale = np.float32(math.sqrt(answers.shape[1]))
        self._steps = settings.epochs * math.ceil(len(rows) / _BATCH)
        self._step = 0
        self._parameters = self._initial(signs)
        self._first = {name: np.zeros_like(value) for name, value in self._parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in self._parameters.items()}

    def epoch(self) -> None:
        """Go through all rows once, in a new order."""
        order = self._rng.permutation(len(self._rows))
        for start in range(0, len(order), _BATCH):
            self._learn(order[start : start + _BATCH])

    def tower(self, vocabulary: tuple[str, ...], ids: tuple[str, ...]) -> Tower:
        """The tower as it is served."""
        found = self._parameters
        return Tower(
            vocabulary=vocabulary,
            sign_weight=found["sign_weight"],
            pool_weight=found["pool_weight"] * self._scale,
            hidden_bias=found["hidden_bias"],
            projection=found["projection"] * self._scale,
            ids=ids,
            own=found["own"][:-1],
            bias=found["bias"][:-1],
            none=np.append(found["own"][-1], found["bias"][-1]),
        )

    def _initial(self, signs: int) -> dict[str, FloatArray]:
        width, (answers, dim) = self._settings.width, self._answers.shape
        inputs = self._rows.pooled.shape[1]
        counts = np.bincount(self._rows.targets, minlength=answers + 1)
        return {
            "sign_weight": self._normal(signs, width) * np.float32(0.03),
            "pool_weight": self._normal(inputs, width) * np.float32(1 / math.sqrt(inputs)),
            "hidden_bias": np.zeros(width, np.float32),
            "projection": self._normal(dim, width) * np.float32(1 / math.sqrt(dim * width)),
            "own": self._normal(answers + 1, width) * np.float32(0.5 / math.sqrt(width)),
            "bias": np.log((counts + 0.5) / (len(self._rows) + 1)).astype(np.float32),
        }

    def _normal(self, *shape: int) -> FloatArray:
        return self._rng.standard_normal(shape, dtype=np.float32)

    def _learn(self, batch: IntArray) -> None:
        settings, found = self._settings, self._parameters
        signs, marks = self._marks(batch)
        pooled = self._rows.pooled[batch].astype(np.float32) * self._scale
        pooled *= self._keep(pooled.shape, settings.input_dropout)
        before = (
            marks @ found["sign_weight"][signs]
            + pooled @ found["pool_weight"]
            + found["hidden_bias"]
        )
        mask = (before > 0) * self._keep(before.shape, settings.dropout)
        hidden: FloatArray = (before * mask).astype(np.float32)
        projected = self._answers * self._scale
        known = self._keep((len(found["own"]), 1), settings.answer_dropout) > 0
        known[-1] = True
        vectors = found["own"] * known
        vectors[:-1] += projected @ found["projection"]
        off = self._off(hidden @ vectors.T + found["bias"], batch)
        back = (off @ vectors) * mask
        to_vectors = off.T @ hidden
        self._step += 1
        for name, gradient in (
            ("pool_weight", pooled.T @ back),
            ("hidden_bias", back.sum(axis=0)),
            ("projection", projected.T @ to_vectors[:-1]),
            ("own", np.asarray(to_vectors * known, np.float32)),
            ("bias", off.sum(axis=0)),
        ):
            self._move(name, gradient, slice(None))
        self._move("sign_weight", np.asarray(marks.T @ back, np.float32), signs)

    def _marks(self, batch: IntArray) -> tuple[IntArray, FloatArray]:
        """The signs that the batch shows, and a matrix `[rows, signs]` of who shows which."""
        dropout = self._settings.input_dropout
        found = [self._rows.signs[row] for row in batch.tolist()]
        every = np.concatenate(found)
        owner = np.repeat(np.arange(len(found)), [len(one) for one in found])
        kept = self._rng.random(len(every)) >= dropout
        signs, columns = np.unique(every[kept], return_inverse=True)
        marks = np.zeros((len(found), len(signs)), np.float32)
        marks[owner[kept], columns] = 1 / (1 - dropout)
        return signs, marks

    def _off(self, logits: FloatArray, batch: IntArray) -> FloatArray:
        """The gradient of the loss by the logits."""
        smooth = self._settings.label_smoothing
        logits -= logits.max(axis=1, keepdims=True)
        said = np.exp(logits)
        said /= said.sum(axis=1, keepdims=True)
        said -= np.float32(smooth / logits.shape[1])
        said[np.arange(len(batch)), self._rows.targets[batch]] -= np.float32(1 - smooth)
        return np.asarray(said / np.float32(len(batch)), np.float32)

    def _keep(self, shape: tuple[int, ...], dropout: float) -> FloatArray:
        kept = self._rng.random(shape, dtype=np.float32) >= np.float32(dropout)
        return kept * np.float32(1 / (1 - dropout))

    def _move(self, name: str, gradient: FloatArray, rows: slice | IntArray) -> None:
        """One step of AdamW on some rows; the moments of others wait until they are met."""
        rate = self._rate()
        value, first, second = (
            table[name][rows] for table in (self._parameters, self._first, self._second)
        )
        first = first + np.float32(1 - _BETA1) * (gradient - first)
        second = second + np.float32(1 - _BETA2) * (gradient * gradient - second)
        if name in _DECAYING:
            value = value * np.float32(1 - rate * self._settings.weight_decay)
        root = np.sqrt(second * np.float32(1 / (1 - _BETA2**self._step))) + np.float32(_EPSILON)
        value = value - np.float32(rate / (1 - _BETA1**self._step)) * first / root
        for table, new in (
            (self._parameters, value),
            (self._first, first),
            (self._second, second),
        ):
            table[name][rows] = new

    def _rate(self) -> float:
        share = self._step / self._steps
        return self._settings.lr * min(1.0, share / _WARMUP) * 0.5 * (1 + math.cos(math.pi * share))
