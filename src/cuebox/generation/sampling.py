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

from cuebox.generation.draws import uniform
from cuebox.generation.row import Pick

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cuebox.core.types import FloatArray, IntArray
    from cuebox.generation.row import Row, Sampling

__all__ = ["best", "choose", "log_softmax"]

# Below it a division overflows float32 before the second best token could ever be drawn.
_GREEDY_BELOW = 1e-5
_BLOCKS = 64
# Most nuclei are smaller, and finding this many tokens costs a tenth of sorting the vocabulary.
_NUCLEUS = 256


def choose(rows: Sequence[Row], logits: FloatArray) -> None:
    """Set each row's `picks` by its line of `logits` `[rows, vocab]`, which are left as they are.

    Takes 45 us a row at 50,257 tokens, 10 us at 8,192; top_k and top_p a third more.
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


def _bound(values: FloatArray, count: int) -> float:
    """A value which at least `count` of `values` reach, most often little more than `count`.

    Of the maxima of disjoint blocks, `count` are at least as large as the one of that rank.
    """
    blocks = len(values) // _BLOCKS
    if count > blocks:
        return -math.inf
    maxima = values[: blocks * _BLOCKS].reshape(_BLOCKS, blocks).max(axis=0)
    return float(np.partition(maxima, blocks - count)[blocks - count])


def _choose(row: Row, logits: FloatArray, scratch: FloatArray) -> None:
    norm = log_softmax(logits, scratch)
    sampling, allowed = row.sampling, row.allowed
    values = _edited(logits, row) if sampling.edits else logits
    if allowed is None:
        weights = scratch if values is logits else None
        tokens: Iterable[int] = _pick(row, values, weights)
    else:
        values = values[allowed.ids]
        values[allowed.covers :] += allowed.prior
        tokens = allowed.ids[_pick(row, values, None)].tolist()
        _weigh(row, logits, norm)
    row.picks = [Pick(token, float(logits[token]) - norm) for token in tokens]
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


def _pick(row: Row, values: FloatArray, weights: FloatArray | None) -> list[int]:
    """Places in `values` of the row's next tokens, all different, as many as it draws.

    `weights` are the probabilities of `values` at temperature 1 up to a factor, where known;
    they are used up.
    """
    sampling = row.sampling
    if sampling.temperature < _GREEDY_BELOW:
        return [int(place) for place in best(values, row.draws)]
    places, weights = _candidates(sampling, values, weights)
    picked = []
    for draw in range(min(row.draws, len(weights))):
        place = _draw(weights, uniform(row.seed, row.number, len(row.tokens), draw))
        if not weights[place]:
            break
        weights[place] = 0
        picked.append(place if places is None else int(places[place]))
    return picked


def _candidates(
    sampling: Sampling, values: FloatArray, weights: FloatArray | None
) -> tuple[IntArray | None, FloatArray]:
    """Tokens left by top_k and top_p (None for all) and their weights, which may be changed."""
    scale = np.float32(1 / sampling.temperature)
    if 0 < sampling.top_k < len(values):
        places = best(values, sampling.top_k)
        weights = np.exp((values[places] - values[places[0]]) * scale)
        return _nucleus(places, weights, float(weights.sum()), sampling.top_p)
    if weights is None or sampling.temperature != 1:
        weights = np.exp((values - values.max()) * scale)
    if sampling.top_p >= 1:
        return None, weights
    total = float(weights.sum())
    places = best(weights, min(_NUCLEUS, len(weights)))
    kept, head = _nucleus(places, weights[places], total, sampling.top_p)
    if len(head) < len(places) or len(places) == len(weights):
        return kept, head
    # All tokens rarer than this together cannot hold what is beyond top_p.
    rare = (1 - sampling.top_p) * total / len(weights)
    places = np.flatnonzero(weights >= rare)
    places = places[np.argsort(-weights[places], kind="stable")]
    return _nucleus(places, weights[places], total, sampling.top_p)


def _nucleus(
    places: IntArray, weights: FloatArray, total: float, top_p: float
) -> tuple[IntArray, FloatArray]:
    """Of tokens in falling order, the fewest that hold `top_p` of `total`; all if they do not."""
    if top_p >= 1:
        return places, weights
    held = np.cumsum(weights, dtype=np.float64)
    count = int(np.searchsorted(held, top_p * total, side="left")) + 1
    return places[:count], weights[:count]


def _draw(weights: FloatArray, at: float) -> int:
    """The place where the weights' running sum passes `at` of the whole, `at` in [0, 1)."""
    blocks = len(weights) // _BLOCKS
    if blocks < 2:
        return _passing(weights, at * float(weights.sum(dtype=np.float64)))
    begins = np.arange(0, len(weights), blocks)
    sums = np.add.reduceat(weights, begins).astype(np.float64)
    held = np.cumsum(sums)
    target = at * float(held[-1])
    block = min(int(np.searchsorted(held, target, side="right")), len(held) - 1)
    start = int(begins[block])
    inside = weights[start : start + blocks]
    return start + _passing(inside, target - float(held[block] - sums[block]))


def _passing(weights: FloatArray, target: float) -> int:
    held = np.cumsum(weights, dtype=np.float64)
    place = int(np.searchsorted(held, target, side="right"))
    # Rounding may leave the target at the very end: the last token with any weight is meant.
    return place if place < len(weights) else int(np.flatnonzero(weights)[-1:].max(initial=0))


def _weigh(row: Row, logits: FloatArray, norm: float) -> None:
    """Record how probable it was that the step agrees with the stem at all."""
    allowed = row.allowed
    assert allowed is not None
    values = logits[allowed.ids].astype(np.float64) - norm
    covering = np.exp(values[: allowed.covers]).sum()
    spelling = np.exp(values[allowed.covers :] + allowed.prior).sum()
    row.cover = math.log(covering) if covering else -math.inf
    row.mass = math.log(covering + spelling) if covering + spelling else -math.inf


def _top(row: Row, logits: FloatArray, norm: float) -> list[Pick]:
    """The most probable tokens of a step, among those allowed."""
    allowed = row.allowed
    values = logits if allowed is None else logits[allowed.ids]
    places = best(values, min(row.sampling.alternatives, len(values)))
    ids = places if allowed is None else allowed.ids[places]
    return [Pick(int(id_), float(logits[id_]) - norm) for id_ in ids]
