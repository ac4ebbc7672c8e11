"""Cross-entropy over a large vocabulary, computed piece by piece."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["weighted_cross_entropy"]

# Logits of so many tokens at once stay in the processor's cache.
_CHUNK = 256


def weighted_cross_entropy(
    states: Any,  # noqa: ANN401 - tensors
    embedding: Any,  # noqa: ANN401
    targets: Any,  # noqa: ANN401
    weights: Any,  # noqa: ANN401
    *,
    low_precision: bool,
) -> Any:  # noqa: ANN401
    """Weighted mean of `-log softmax(states @ embedding.T)[targets]`.

    The gradient is made together with the loss, a piece of the rows at a time, so that the
    logits of all rows are never in memory: a third off the time of a step on a CPU.

    Args:
        states: `[rows, dim]`, rows that weigh nothing left out by the caller.
        embedding: `[vocabulary, dim]`.
        targets: int64 `[rows]`.
        weights: float32 `[rows]`, with a sum above 0.
        low_precision: make the products in bfloat16.
    """
    return _function().apply(states, embedding, targets, weights, low_precision)


@cache
def _function() -> Any:  # noqa: ANN401 - a class whose base is imported here
    import torch

    class _WeightedCrossEntropy(torch.autograd.Function):  # type: ignore[misc] # untyped torch
        @staticmethod
        def forward(
            ctx: Any,  # noqa: ANN401
            states: Any,  # noqa: ANN401
            embedding: Any,  # noqa: ANN401
            targets: Any,  # noqa: ANN401
            weights: Any,  # noqa: ANN401
            low_precision: bool,  # noqa: FBT001 - apply() takes positions only
        ) -> Any:  # noqa: ANN401
            kind = torch.bfloat16 if low_precision else torch.float32
            # A product of a new shape costs its own machine code and memory: pieces are filled.
            missing = -len(states) % _CHUNK
            pad = torch.nn.functional.pad
            rows, matrix = pad(states.to(kind), (0, 0, 0, missing)), embedding.to(kind)
            targets = pad(targets, (0, missing))
            shares = pad(weights / weights.sum(), (0, missing)).unsqueeze(1)
            to_states = torch.empty_like(rows)
            to_embedding = torch.zeros_like(embedding, dtype=torch.float32)
            total = torch.zeros((), device=states.device)
            for start in range(0, len(rows), _CHUNK):
                piece = slice(start, start + _CHUNK)
                wanted, share = targets[piece].unsqueeze(1), shares[piece]
                logits = (rows[piece] @ matrix.T).float()
                logits -= logits.amax(dim=1, keepdim=True)
                said = logits.gather(1, wanted)
                sums = logits.exp_().sum(dim=1, keepdim=True)
                total += ((sums.log() - said) * share).sum()
                gradient = logits.mul_(share / sums).scatter_add_(1, wanted, -share).to(kind)
                to_states[piece] = gradient @ matrix
                to_embedding += gradient.T @ rows[piece]
            ctx.save_for_backward(to_states[: len(states)].to(states.dtype), to_embedding)
            return total

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:  # noqa: ANN401
            to_states, to_embedding = ctx.saved_tensors
            return to_states * upstream[0], to_embedding * upstream[0], None, None, None

    return _WeightedCrossEntropy
