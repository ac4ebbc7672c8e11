"""A quick look at validation documents while a network trains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cuebox.kinds.completion.packing import Part, Windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.kinds.completion.device import Device
    from cuebox.kinds.completion.token_file import TokenFile

__all__ = ["HeldOut"]

_BATCH = 8


class HeldOut:
    """The same windows at every look; only text that counts is measured.

    Bits per character go by the characters that a counted token stands for on average in the
    whole file, so that models with other tokenizers can be compared; `evaluate` measures all
    documents exactly.
    """

    def __init__(
        self, files: Mapping[str, TokenFile], context: int, windows: int, *, filler: int
    ) -> None:
        self._windows = {
            name: Windows(
                [Part(file)], context=context, user_weight=0.0, filler=filler, seed=0, epoch=0
            )
            for name, file in files.items()
        }
        self._count = windows
        self._tokens_per_character = {
            name: file.facts.counted / file.facts.characters for name, file in files.items()
        }

    def bits(self, network: Any, device: Device) -> dict[str, float]:  # noqa: ANN401
        """Bits per character of each corpus."""
        return {
            name: self._nats_per_token(windows, network, device)
            * self._tokens_per_character[name]
            / math.log(2)
            for name, windows in self._windows.items()
        }

    def _nats_per_token(self, windows: Windows, network: Any, device: Device) -> float:  # noqa: ANN401
        import torch

        total, tokens = 0.0, 0
        for first in range(0, min(self._count, len(windows)), _BATCH):
            batch = windows.batch(first, min(_BATCH, self._count - first))
            inputs, targets, weights = device.tensors(batch.inputs, batch.targets, batch.weights)
            rows = weights.flatten().nonzero().squeeze(1)
            with torch.inference_mode(), device.precision():
                states = network.base_model(input_ids=inputs, use_cache=False).last_hidden_state
                states, wanted = states.flatten(0, 1)[rows], targets.flatten()[rows]
                for start in range(0, len(rows), 512):
                    logits = network.get_output_embeddings()(states[start : start + 512]).float()
                    total += float(
                        torch.nn.functional.cross_entropy(
                            logits, wanted[start : start + 512], reduction="sum"
                        )
                    )
            tokens += len(rows)
        return total / max(1, tokens)
