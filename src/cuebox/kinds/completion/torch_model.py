"""The trained network itself, to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cuebox.core.errors import ModelError
from cuebox.training.torch_cache import remembering

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cuebox.core.types import FloatArray

__all__ = ["TorchModel"]


class TorchModel:
    """`ScoreTokens` and `ContinueTokens` of a network in the HF layout, in float32."""

    def __init__(self, network: Any, context: int) -> None:  # noqa: ANN401 - a torch module
        self._network = network.eval()
        self._cache: Any = None
        self._memory: dict[str, Any] = {}
        self.context = context

    @classmethod
    def open(cls, folder: Path, *, context: int, threads: int = 0) -> TorchModel:
        """Load `config.json` and `model.safetensors`.

        Args:
            folder: in the HF layout.
            context: tokens that it was trained to see.
            threads: of the CPU; 0 leaves it to torch.

        Raises:
            ModelError: torch is not installed, or the folder holds no such model.
        """
        try:
            import torch
            from transformers import AutoModelForCausalLM
            from transformers.utils import logging
        except ImportError as error:
            raise ModelError(
                f"judging the trained model needs {error.name}: pip install 'cuebox[train]'"
            ) from error
        logging.disable_progress_bar()
        if threads:
            torch.set_num_threads(threads)
        try:
            network = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, dtype=torch.float32
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder}: cannot be loaded: {error}") from error
        return cls(network, context)

    def __call__(self, texts: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Log-probability of each token but the first; rows of one length run together."""
        import torch

        lengths = [len(text) for text in texts]
        ids = torch.zeros(len(texts), max(lengths), dtype=torch.int64)
        for row, text in enumerate(texts):
            # What pads comes after the text, where causal attention does not look.
            ids[row, : len(text)] = torch.tensor(text)
        answers: list[FloatArray] = []
        with torch.inference_mode():
            states = self._network.base_model(input_ids=ids, use_cache=False).last_hidden_state
            for row, length in enumerate(lengths):
                logits = self._network.get_output_embeddings()(states[row, : length - 1])
                logs = torch.log_softmax(logits.float(), dim=-1)
                picked = logs.gather(1, ids[row, 1:length].unsqueeze(1)).squeeze(1)
                answers.append(picked.numpy())
        return answers

    def begin(self, tokens: Sequence[int]) -> FloatArray:
        """Read a prompt and remember its keys and values."""
        import torch
        from transformers import DynamicCache

        self._cache = DynamicCache(config=self._network.config)
        self._memory = remembering(self._network.base_model, self._cache)
        logs: FloatArray = self._step(torch.tensor([list(tokens)]))[0]
        return logs

    def extend(self, parents: Sequence[int], tokens: Sequence[int]) -> FloatArray:
        """Add a token to branches."""
        import torch

        self._cache.reorder_cache(torch.tensor(list(parents)))
        return self._step(torch.tensor(list(tokens)).unsqueeze(1))

    def _step(self, ids: Any) -> FloatArray:  # noqa: ANN401 - a tensor
        import torch

        with torch.inference_mode():
            said = self._network.base_model(input_ids=ids, **self._memory)
            states = said.last_hidden_state[:, -1]
            logits = self._network.get_output_embeddings()(states).float()
            logs: FloatArray = torch.log_softmax(logits, dim=-1).numpy()
        return logs
