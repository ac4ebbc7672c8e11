"""From logits to tokens, for all rows of a step.

The order is that of vLLM and Hugging Face: repetition penalty, presence and frequency penalties,
logit bias, the tokens that healing allows, temperature, top_k, top_p. Log-probabilities are those
of the model itself, before any of these, as OpenAI's are.

Each row's arithmetic touches its own logits only and does so in the same order whatever the
batch, so its tokens do not depend on its company.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cuebox.generation.choices.draws import uniform
from cuebox.generation.choices.row import Pick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.generation.choices.row import Row

__all__ = ["best", "choose", "log_softmax", "picked"]

# JSON knows no infinity; a masked token has this log-probability.
_LEAST_LOGPROB = -9_999.0
_BLOCKS = 64
_BLOCKS_PER_FOUND = 4
# Most nuclei are smaller, and these many tokens are found in a fifth of the time of a sort.
_NUCLEUS = 256


def choose(rows: Sequence[Row], logits: FloatArray) -> None:
    """Set each row's `picks` by its line of `logits` `[rows, vocab]`, which are left as they are.

    Greedy takes 60 us a row at 50,257 tokens and 13 us at 8,192; a temperature doubles that, and
    top_p costs up to 200 us more at 50,257 where its nucleus is large.
    """
    scratch = np.empty(logits.shape[1], dtype=np.float32)
    for row, values in zip(rows, logits, strict=True):
        _choose(row, values, scratch)


def best(values: FloatArray, count: int) -> IntArray:
    """Places of the `count` largest of `values` `[n]`, largest first, equal ones in order."""
    if count == 1:
        return np.array([values.argmax()], dtype=np.int64)
    found = np.flatnonzero(values >= _bound(values, count))
    return found[np.argsort(-values[found], kind="stable")[:count]]


def log_softmax(values: FloatArray, scratch: FloatArray) -> float:
    """What to subtract from logits `[vocab]` to get log-probabilities; `scratch` like `values`.

    Leaves `exp(values - max(values))` in `scratch`.
    """
    peak = values.max()
    np.subtract(values, peak, out=scratch)
    np.exp(scratch, out=scratch)
    return float(peak) + math.log(float(scratch.sum()))


def picked(logits: FloatArray, token: int, norm: float) -> Pick:
    """A token of logits `[vocab]` with its log-probability; `norm` is from `log_softmax`."""
    return Pick(token, max(float(logits[token]) - norm, _LEAST_LOGPROB))


def _bound(values: FloatArray, count: int) -> float:
    """A value which at least `count` of `values` reach, most often little more than `count`.

    Of the maxima of disjoint blocks, `count` are at least as large as the one of that rank.
    """
    length = len(values) // (_BLOCKS_PER_FOUND * count)
    if length < 2:
        return -math.inf if count >= len(values) else float(np.partition(values, -count)[-count])
    blocks = len(values) // length
    maxima = values[: blocks * length].reshape(length, blocks).max(axis=0)
    return float(np.partition(maxima, -count)[-count])


def _choose(row: Row, logits: FloatArray, scratch: FloatArray) -> None:
    norm = log_softmax(logits, scratch)
    sampling, allowed = row.sampling, row.allowed
    values = _edited(logits, row) if sampling.edits else logits
    if allowed is None:
        # Without edits the scratch holds the weights of temperature 1 already.
        known = scratch if values is logits and sampling.temperature == 1 else None
        tokens = _pick(row, values, known, scratch)
        row.mass = 0.0
    else:
        values = values[allowed.ids]
        values[allowed.covers :] += allowed.prior
        tokens = allowed.ids[_pick(row, values, None, scratch)].tolist()
        _weigh(row, logits, norm)
    row.picks = [picked(logits, token, norm) for token in tokens]
    if sampling.alternatives:
        row.top = _top(row, logits, norm)


def _edited(logits: FloatArray, row: Row) -> FloatArray:
    """A copy with penalties and bias; only the tokens they name are touched."""
    sampling = row.sampling
    values = logits.copy()
    if sampling.repetition_penalty != 1:
        seen = np.concatenate([sampling.prompt_ids, np.array(row.tokens, dtype=np.int64)])
        old = logits[seen]
        penalty = np.float32(sampling.repetition_penalty)
        values[seen] = np.where(old > 0, old / penalty, old * penalty)
    if row.tokens and (sampling.presence_penalty or sampling.frequency_penalty):
        used, times = np.unique(np.array(row.tokens, dtype=np.int64), return_counts=True)
        penalties = sampling.presence_penalty + sampling.frequency_penalty * times
        values[used] -= penalties.astype(np.float32)
    if len(sampling.bias_ids):
        values[sampling.bias_ids] += sampling.bias
    return values


def _pick(
    row: Row, values: FloatArray, weights: FloatArray | None, scratch: FloatArray
) -> list[int]:
    """Places in `values` of the row's next tokens, all different, as many as it draws.

    `weights` are the probabilities of `values` up to a factor, where they are known; they are
    used up.
    """
    sampling = row.sampling
    if sampling.greedy:
        return [int(place) for place in best(values, row.draws)]
    places = None
    if 0 < sampling.top_k < len(values):
        places = best(values, sampling.top_k)
        values, weights = values[places], None
    if weights is None:
        weights = _weights(values, sampling.temperature, scratch[: len(values)])
    if sampling.top_p < 1:
        weights *= weights >= _least(weights, sampling.top_p)
    drawn: list[int] = []
    for draw in range(row.draws):
        place = _passing(weights, uniform(row.seed, row.number, len(row.tokens), draw))
        if not weights[place]:
            break
        weights[place] = 0
        drawn.append(place if places is None else int(places[place]))
    return drawn or [int(values.argmax())]


def _weights(values: FloatArray, temperature: float, out: FloatArray) -> FloatArray:
    np.subtract(values, values.max(), out=out)
    np.multiply(out, np.float32(1 / temperature), out=out)
    return np.exp(out, out=out)


def _least(weights: FloatArray, top_p: float) -> float:
    """The smallest weight among the fewest tokens that hold `top_p` of all; equals stay together.

    What is left out are the rarest tokens that hold no more than the remainder.
    """
    if len(weights) > _NUCLEUS:
        head = weights[best(weights, _NUCLEUS)]
        held = np.cumsum(head, dtype=np.float64)
        wanted = top_p * float(weights.sum())
        if held[-1] >= wanted:
            return float(head[np.searchsorted(held, wanted)])
    rising = np.sort(weights)
    return float(rising[_passing(rising, 1 - top_p)])


def _passing(weights: FloatArray, share: float) -> int:
    """The place where the running sum passes `share` of the whole, in [0, 1).

    Sums of blocks first: a running sum of the vocabulary is slow, and in float32 inexact.
    """
    size = max(len(weights) // _BLOCKS, 1)
    begins = np.arange(0, len(weights), size)
    sums = np.add.reduceat(weights, begins).astype(np.float64)
    held = np.cumsum(sums)
    target = share * float(held[-1])
    block = _first_beyond(held, target)
    start = int(begins[block])
    inside = np.cumsum(weights[start : start + size], dtype=np.float64)
    return start + _first_beyond(inside, target - float(held[block] - sums[block]))


def _first_beyond(held: NDArray[np.float64], target: float) -> int:
    """The first place of a running sum above `target`; by rounding there may be none, then the
    last that adds to it.
    """
    place = int(held.searchsorted(target, side="right"))
    return place if place < len(held) else int(held.searchsorted(held[-1], side="left"))


def _weigh(row: Row, logits: FloatArray, norm: float) -> None:
    """Record how probable it was that the step agrees with the stem at all."""
    allowed = row.allowed
    assert allowed is not None
    values = logits[allowed.ids].astype(np.float64) - norm
    covering = np.exp(values[: allowed.covers]).sum()
    spelling = np.exp(values[allowed.covers :] + allowed.prior).sum()
    row.cover = _log(covering) if allowed.covers else -math.inf
    row.mass = _log(covering + spelling)


def _log(probability: float) -> float:
    return math.log(probability) if probability else _LEAST_LOGPROB


def _top(row: Row, logits: FloatArray, norm: float) -> list[Pick]:
    """The most probable tokens of a step, among those allowed."""
    allowed = row.allowed
    values = logits if allowed is None else logits[allowed.ids]
    places = best(values, min(row.sampling.alternatives, len(values)))
    ids = places if allowed is None else allowed.ids[places]
    return [picked(logits, int(id_), norm) for id_ in ids]
