"""An encoder and a classification layer in torch, and what their training is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cuebox.core.errors import ConfigError
from cuebox.core.text import normalize_text
from cuebox.core.types import TokenBatch

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from cuebox.core.text import TextSettings
    from cuebox.core.types import FloatArray
    from cuebox.kinds.classifier.body import Task
    from cuebox.kinds.classifier.settings import FinetuneSettings
    from cuebox.training.encoder_source import EncoderSource

__all__ = ["FinetuneModel", "Rows", "load_model", "optimizer", "tokenize"]

# Batches are made of rows of like length out of so many batches' worth, so little is padding.
_BUCKET = 24


@dataclass(slots=True)
class Rows:
    """Token ids of each row, and its targets, float32 `[rows, labels]`."""

    ids: list[list[int]]
    targets: FloatArray

    def batches(self, size: int, rng: random.Random | None) -> Iterator[tuple[Any, Any, Any]]:
        """Ids, mask and targets as tensors; shuffled with `rng`, else by length."""
        import torch

        for rows in _batches([len(row) for row in self.ids], size, rng):
            batch = TokenBatch.of([self.ids[row] for row in rows])
            yield (
                torch.from_numpy(batch.ids),
                torch.from_numpy(batch.mask),
                torch.from_numpy(self.targets[rows]),
            )


@dataclass(slots=True)
class FinetuneModel:
    """A transformers encoder and a linear layer over its embedding.

    Attributes:
        encoder: a `PreTrainedModel`.
        layer: a `torch.nn.Linear` from embeddings scaled to unit variance to logits.
    """

    encoder: Any
    layer: Any
    pooling: str
    task: Task
    device: str
    dropout: float

    def embed(self, ids: Any, mask: Any) -> Any:  # noqa: ANN401 - tensors
        """Embeddings of unit length, `[rows, dim]`."""
        import torch

        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        if self.pooling == "cls":
            pooled = states[:, 0]
        else:
            weight = mask.unsqueeze(-1).float()
            pooled = (states * weight).sum(1) / weight.sum(1)
        return torch.nn.functional.normalize(pooled, dim=1)

    def logits(self, ids: Any, mask: Any, *, train: bool) -> Any:  # noqa: ANN401 - tensors
        """Logits `[rows, labels]`, in bfloat16 where the arithmetic allows."""
        import torch

        with torch.autocast(self.device.partition(":")[0], torch.bfloat16):
            embedding = self.embed(ids.to(self.device), mask.to(self.device))
            scaled = embedding * math.sqrt(embedding.shape[1])
            scaled = torch.nn.functional.dropout(scaled, self.dropout, training=train)
            return self.layer(scaled).float()

    def loss(self, logits: Any, targets: Any, smoothing: float) -> Any:  # noqa: ANN401 - tensors
        """Cross-entropy, or for multi-label the sum of the labels' binary ones."""
        import torch

        targets = targets.to(self.device)
        if self.task == "single":
            return torch.nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing)
        return (
            torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
            .sum(1)
            .mean()
        )

    def state(self) -> dict[str, Any]:
        """All weights by name."""
        return {
            **{f"encoder.{name}": value for name, value in self.encoder.state_dict().items()},
            **{f"layer.{name}": value for name, value in self.layer.state_dict().items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put weights of `state()` back."""
        for name, module in (("encoder.", self.encoder), ("layer.", self.layer)):
            module.load_state_dict(
                {
                    key.removeprefix(name): value
                    for key, value in state.items()
                    if key.startswith(name)
                }
            )

    def predict(self, rows: Rows, *, embeddings: bool = False) -> FloatArray:
        """Logits, or embeddings, of all rows in their order."""
        import torch

        self.encoder.eval()
        order = [
            row for batch in _batches([len(one) for one in rows.ids], 128, None) for row in batch
        ]
        found = []
        with torch.no_grad():
            for ids, mask, _ in rows.batches(128, None):
                if embeddings:
                    said = self.embed(ids.to(self.device), mask.to(self.device))
                else:
                    said = self.logits(ids, mask, train=False)
                found.append(said.float().cpu().numpy())
        self.encoder.train()
        stacked = np.concatenate(found)
        out = np.empty_like(stacked)
        out[order] = stacked
        return out


def load_model(
    source: EncoderSource,
    folder: str,
    settings: FinetuneSettings,
    *,
    task: Task,
    labels: int,
) -> FinetuneModel:
    """The checkpoint with a classification layer that says nothing yet.

    Raises:
        ConfigError: the `train` extra is not installed, or there is no such device.
    """
    try:
        import torch
        from transformers import AutoModel
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise ConfigError(
            f"fine-tuning needs the train extra ({error}): pip install 'cuebox[train]'",
            param="finetune.enabled",
        ) from error
    disable_progress_bar()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        encoder = AutoModel.from_pretrained(folder, local_files_only=True).float().to(device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {device!r}: {error}", param="finetune.device") from error
    if settings.freeze_words:
        encoder.get_input_embeddings().weight.requires_grad = False
    if getattr(encoder, "pooler", None) is not None:
        # Not part of the embedding: it would only gather noise.
        for parameter in encoder.pooler.parameters():
            parameter.requires_grad = False
    encoder.train()
    layer = torch.nn.Linear(encoder.config.hidden_size, labels).to(device)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return FinetuneModel(encoder, layer, source.pooling, task, device, settings.dropout)


def optimizer(model: FinetuneModel, settings: FinetuneSettings) -> Any:  # noqa: ANN401 - torch's
    """AdamW in which every layer further down learns slower; `base_lr` of a group is its own."""
    import torch

    depth = int(model.encoder.config.num_hidden_layers)
    groups = []
    for name, parameter in model.encoder.named_parameters():
        if not parameter.requires_grad:
            continue
        _, found, after = name.partition("layer.")
        level = int(after.split(".")[0]) if found else -1
        rate = settings.lr * settings.layer_decay ** (depth - 1 - level)
        decay = settings.weight_decay if parameter.dim() > 1 else 0.0
        groups.append({"params": [parameter], "lr": rate, "base_lr": rate, "weight_decay": decay})
    rate = settings.head_lr
    groups.append({"params": list(model.layer.parameters()), "lr": rate, "base_lr": rate})
    return torch.optim.AdamW(groups)


def tokenize(
    texts: Sequence[str], text: TextSettings, source: EncoderSource, max_tokens: int
) -> list[list[int]]:
    """Token ids with the tokenizer and normalisation that serving uses."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_str(source.tokenizer_json)
    tokenizer.enable_truncation(min(max_tokens, source.max_tokens))
    normalized = [normalize_text(one, text) for one in texts]
    return [encoding.ids for encoding in tokenizer.encode_batch(normalized)]


def _batches(lengths: list[int], size: int, rng: random.Random | None) -> list[list[int]]:
    rows = list(range(len(lengths)))
    if rng is None:
        rows.sort(key=lambda row: lengths[row])
        return [rows[start : start + size] for start in range(0, len(rows), size)]
    rng.shuffle(rows)
    batches = []
    for start in range(0, len(rows), size * _BUCKET):
        some = sorted(rows[start : start + size * _BUCKET], key=lambda row: lengths[row])
        batches += [some[first : first + size] for first in range(0, len(some), size)]
    rng.shuffle(batches)
    return batches
