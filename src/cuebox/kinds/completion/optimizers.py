"""What moves the weights: Muon for matrices, AdamW for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cuebox.kinds.completion.settings import TrainingSettings

__all__ = ["Optimizers"]


class Optimizers:
    """One or two optimizers that step together, at a share of their learning rate.

    Muon (Jordan et al., 2024) is scaled so that its updates are as large as AdamW's (Liu et
    al., "Muon is Scalable for LLM Training", 2025), and one learning rate serves both.
    """

    def __init__(self, network: Any, settings: TrainingSettings) -> None:  # noqa: ANN401
        import torch

        embedding = network.get_input_embeddings().weight
        matrices, tables, vectors = [], [], []
        for name, weight in network.named_parameters():
            if weight.ndim < 2:
                vectors.append(weight)
            elif weight is embedding or "wpe" in name or "lm_head" in name:
                tables.append(weight)
            else:
                matrices.append(weight)
        self._lr, self._clip = settings.lr, settings.clip
        self._weights = [*matrices, *tables, *vectors]
        decay = settings.weight_decay
        groups = [
            {"params": tables, "weight_decay": decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        self._all: list[Any] = []
        if settings.optimizer == "muon":
            self._all.append(
                torch.optim.Muon(
                    matrices, lr=self._lr, weight_decay=decay, adjust_lr_fn="match_rms_adamw"
                )
            )
        else:
            groups.append({"params": matrices, "weight_decay": decay})
        self._all.append(
            torch.optim.AdamW(groups, lr=self._lr, betas=(0.9, 0.95), eps=1e-10, fused=True)
        )

    def step(self, share: float) -> float:
        """Apply the gradients at `share` of the learning rate; the norm they had."""
        import torch

        norm = torch.nn.utils.clip_grad_norm_(self._weights, self._clip)
        for optimizer in self._all:
            for group in optimizer.param_groups:
                group["lr"] = self._lr * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def state(self) -> list[Any]:
        """What `load` takes back."""
        return [optimizer.state_dict() for optimizer in self._all]

    def load(self, state: list[Any]) -> None:
        """Go on from a state."""
        for optimizer, one in zip(self._all, state, strict=True):
            optimizer.load_state_dict(one)
