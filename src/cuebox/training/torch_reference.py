"""The original PyTorch checkpoint as the judge of what was made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray
    from cuebox.training.encoder_source import EncoderSource
    from cuebox.training.parity import Embed

__all__ = ["torch_embed", "torch_is_installed"]


def torch_is_installed() -> bool:
    """Whether the `train` extra's torch and transformers are there; imports neither."""
    from importlib.util import find_spec

    return find_spec("torch") is not None and find_spec("transformers") is not None


def torch_embed(folder: Path, source: EncoderSource) -> Embed:
    """Load the checkpoint with transformers, no remote code, and embed with its own tokenizer.

    Raises:
        ModelError: torch or transformers is not installed.
    """
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise ModelError(
            f"comparing with PyTorch needs {error.name}: pip install 'cuebox[train]'"
        ) from error
    logging.disable_progress_bar()
    model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def embed(texts: Sequence[str], batch: int) -> FloatArray:
        pieces = []
        for at in range(0, len(texts), batch):
            inputs = tokenizer(
                list(texts[at : at + batch]),
                padding="longest",
                truncation=True,
                max_length=source.max_tokens,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = model(**inputs).last_hidden_state
                pieces.append(_pool(states, inputs["attention_mask"], source))
        return np.concatenate(pieces)

    return embed


def _pool(states: Any, mask: Any, source: EncoderSource) -> FloatArray:  # noqa: ANN401 - tensors
    if source.pooling == "cls":
        pooled = states[:, 0]
    else:
        weights = mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * weights).sum(dim=1) / weights.sum(dim=1)
    if source.normalize:
        pooled = pooled / pooled.norm(dim=-1, keepdim=True)
    array: FloatArray = pooled.numpy()
    return array
