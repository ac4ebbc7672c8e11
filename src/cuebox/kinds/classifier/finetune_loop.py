"""The epochs of a fine-tuning, and the state that an interrupted one carries on from."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.kinds.classifier.finetune_model import FinetuneModel, Rows, optimizer
from cuebox.kinds.classifier.network import NetworkRecipe, train_network
from cuebox.kinds.classifier.selection import metric_name, score_logits

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.training.progress import Progress, Step
    from cuebox.training.runs import Run

__all__ = ["RESUME_STATE", "FinetuneLoop"]

# What an interrupted fine-tuning carries on from: three copies of the encoder.
RESUME_STATE = "last.pt"
_BEST = "best.pt"
_TABLE = "finetune.json"


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One pass over the rows and how it ended."""

    epoch: int
    loss: float
    score: float


class FinetuneLoop:
    """The epochs of one fine-tuning, and all that a checkpoint holds."""

    def __init__(
        self,
        model: FinetuneModel,
        train: Rows,
        validation: Rows,
        settings: ClassifierSettings,
        run: Run,
    ) -> None:
        self._model, self._run = model, run
        self._train, self._validation = train, validation
        self._settings, self._wanted = settings, settings.finetune
        self._metric = metric_name(settings.head.metric, model.task)
        self._optimizer = optimizer(model, self._wanted)
        self._steps = math.ceil(len(train.ids) / self._wanted.batch)
        self._step = 0
        self._average: dict[str, Any] = {}
        self._epochs: list[Epoch] = []

    def run(self, progress: Progress) -> None:
        """Train until the last epoch or until it gets no better; the best weights stay."""
        total = self._wanted.epochs * self._steps
        with progress.stage("Fine-tuning the encoder", total) as step:
            if self._resume():
                step(self._step, self._said())
            else:
                self._start_layer()
                self._average = _copy(self._model.state())
            while len(self._epochs) < self._wanted.epochs and not self._stale():
                self._epoch(step)
            step(total - self._step, self._said())
        self._model.load(_read(self._run.folder / _BEST))

    def _start_layer(self) -> None:
        """Let the layer begin where training on the frozen encoder ends."""
        import torch

        head = train_network(
            self._model.predict(self._train, embeddings=True),
            self._train.targets,
            NetworkRecipe(epochs=30),
            task=self._model.task,
            seed=self._settings.seed,
        )
        # A head reads embeddings of unit length, the layer reads them scaled.
        scale = np.float32(math.sqrt(head.dim))
        with torch.no_grad():
            self._model.layer.weight.copy_(torch.from_numpy(head.weight / scale))
            self._model.layer.bias.copy_(torch.from_numpy(head.bias))

    def _epoch(self, step: Step) -> None:
        import torch

        number = len(self._epochs) + 1
        seed = self._settings.seed * 1000 + number
        torch.manual_seed(seed)
        total = 0.0
        for ids, mask, targets in self._train.batches(self._wanted.batch, random.Random(seed)):  # noqa: S311 - order of rows
            total += self._update(ids, mask, targets)
            step(1, f"epoch {number}, {self._said()}")
        score = self._judge()
        best = max((epoch.score for epoch in self._epochs), default=-1.0)
        epoch = Epoch(epoch=number, loss=total / self._steps, score=score)
        if score > best:
            _write(self._run.folder / _BEST, self._average)
        self._epochs.append(epoch)
        self._checkpoint()
        self._run.write_json(_TABLE, self._epochs)
        self._run.log(f"epoch {number}: loss {epoch.loss:.4f}, {self._metric} {score:.4f}")

    def _update(self, ids: Any, mask: Any, targets: Any) -> float:  # noqa: ANN401 - tensors
        import torch

        share = self._rate()
        for group in self._optimizer.param_groups:
            group["lr"] = group["base_lr"] * share
        logits = self._model.logits(ids, mask, train=True)
        loss = self._model.loss(logits, targets, self._wanted.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(
            [each for group in self._optimizer.param_groups for each in group["params"]], 1.0
        )
        self._optimizer.step()
        self._step += 1
        # Early on the average is over the few steps there are, not mostly over the start.
        decay = min(self._wanted.average, self._step / (self._step + 10))
        for name, value in self._model.state().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, 1 - decay)
        return float(loss.detach())

    def _rate(self) -> float:
        """Warm-up, then linear decay to nothing."""
        total = self._wanted.epochs * self._steps
        warm = min(1.0, (self._step + 1) / max(1.0, self._wanted.warmup * total))
        return warm * max(0.0, 1 - self._step / total)

    def _judge(self) -> float:
        """The metric of the averaged weights on validation rows."""
        current = _copy(self._model.state())
        self._model.load(self._average)
        logits = self._model.predict(self._validation)
        self._model.load(current)
        return score_logits(
            logits, self._validation.targets, task=self._model.task, metric=self._metric
        )

    def _stale(self) -> bool:
        scores = [epoch.score for epoch in self._epochs]
        if not scores:
            return False
        return len(scores) - 1 - scores.index(max(scores)) >= self._wanted.patience

    def _said(self) -> str:
        if not self._epochs:
            return "no epoch done"
        best = max(self._epochs, key=lambda epoch: epoch.score)
        last = self._epochs[-1]
        return (
            f"loss {last.loss:.3f}, {self._metric} {last.score:.4f}, "
            f"best {best.score:.4f} in epoch {best.epoch}"
        )

    def _checkpoint(self) -> None:
        _write(
            self._run.folder / RESUME_STATE,
            {
                "model": self._model.state(),
                "average": self._average,
                "optimizer": self._optimizer.state_dict(),
                "step": self._step,
                "epochs": msgspec.to_builtins(self._epochs),
            },
        )

    def _resume(self) -> bool:
        """Carry on from the last checkpoint, if there is one."""
        path = self._run.folder / RESUME_STATE
        if not path.exists():
            return False
        saved = _read(path)
        self._model.load(saved["model"])
        device = self._model.device
        self._average = {name: value.to(device) for name, value in saved["average"].items()}
        self._optimizer.load_state_dict(saved["optimizer"])
        self._step = saved["step"]
        self._epochs = msgspec.convert(saved["epochs"], list[Epoch])
        return True


def _copy(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in state.items()}


def _write(path: Path, value: dict[str, Any]) -> None:
    import torch

    part = path.with_suffix(".part")
    torch.save(value, part)
    part.replace(path)


def _read(path: Path) -> dict[str, Any]:
    import torch

    # `weights_only` refuses anything but tensors and plain containers.
    loaded: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return loaded
