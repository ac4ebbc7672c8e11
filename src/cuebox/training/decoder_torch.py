"""The original checkpoint in PyTorch, as the judge of the decoder that was made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ModelError
from cuebox.training.decoder_reader import CHUNK
from cuebox.training.torch_cache import remembering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray

__all__ = ["TorchDecoder"]


class TorchDecoder:
    """A transformers checkpoint at float32; `ReadsLogits`."""

    def __init__(self, folder: Path) -> None:
        """Load it, no remote code.

        Raises:
            ModelError: torch or transformers is not installed, or cannot read the folder.
        """
        try:
            import torch
            from transformers import AutoModelForCausalLM
            from transformers.utils import logging
        except ImportError as error:
            raise ModelError(
                f"comparing with PyTorch needs {error.name}: pip install 'cuebox[train]'"
            ) from error
        logging.disable_progress_bar()
        try:
            model = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder} cannot be loaded by transformers: {error}") from error
        self._model: Any = model.eval()

    def logits(self, tokens: Sequence[int]) -> Iterator[FloatArray]:
        """As `ReadsLogits` says."""
        import torch

        with torch.inference_mode():
            found = self._model(torch.tensor([list(tokens)])).logits[0].numpy()
        for start in range(0, len(found), CHUNK):
            yield found[start : start + CHUNK]

    def greedy(self, tokens: Sequence[int], count: int) -> list[int]:
        """The text and its `count` most probable next tokens, one after the other."""
        import torch
        from transformers import DynamicCache

        joined = new = list(tokens)
        memory = remembering(self._model, DynamicCache(config=self._model.config))
        with torch.inference_mode():
            for _ in range(count):
                said = self._model(torch.tensor([new]), **memory)
                new = [int(said.logits[0, -1].argmax())]
                joined = joined + new
        return joined
