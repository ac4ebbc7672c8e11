"""Fine-tune the encoder together with a classification layer; needs the `train` extra.

The layer starts from one that was trained on the frozen encoder (Kumar et al., 2022,
"Fine-tuning can distort pretrained features"), lower layers learn slower, and a moving average of
all weights is what is judged and kept. The head that is served is trained afterwards, on the
embeddings of the exported int8 encoder, like any other head.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.finetune_model import (
    FinetuneModel,
    Rows,
    load_model,
    optimizer,
    tokenize,
)
from cuebox.kinds.classifier.network import NetworkRecipe, train_network
from cuebox.kinds.classifier.selection import metric_name, score_logits
from cuebox.training.encoder_source import EncoderSource, find_folder, from_module, open_source

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.kinds.classifier.data import ClassifierData, Part
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.training.progress import Progress, Step
    from cuebox.training.runs import Run

__all__ = ["finetune"]

_TABLE = "finetune.json"


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """One pass over the rows and how it ended."""

    epoch: int
    loss: float
    score: float


def finetune(
    data: ClassifierData,
    settings: ClassifierSettings,
    checkpoint: str,
    run: Run,
    progress: Progress,
) -> EncoderSource:
    """Train the encoder on the train rows; validation rows choose the epoch.

    The state is written after every epoch, so that an interrupted run carries on from there.

    Args:
        data: labels and rows.
        settings: `finetune` says how.
        checkpoint: what to start from, as `open_source` reads it.
        run: keeps the state.
        progress: told how far it is.

    Returns:
        The encoder of the best epoch, ready to be exported.

    Raises:
        ConfigError: the `train` extra is missing, or `checkpoint` leads nowhere.
        DataError: there are no validation rows.
    """
    if not len(data.validation):
        raise DataError("fine-tuning needs validation rows: set data.split.validation over 0")
    wanted = settings.finetune
    source = open_source(checkpoint)
    model = load_model(
        source,
        str(find_folder(checkpoint)),
        wanted,
        task=data.task,
        labels=len(data.labels),
    )
    train, validation = (
        _rows(part, settings, source, data) for part in (data.train, data.validation)
    )
    _Loop(model, train, validation, settings, run).run(progress)
    model.load(_read(run.folder / "best.pt"))
    return from_module(model.encoder, source)


class _Loop:
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
        """Train until the last epoch, or until it gets no better."""
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
            _write(self._run.folder / "best.pt", self._average)
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
            self._run.folder / "last.pt",
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
        path = self._run.folder / "last.pt"
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


def _rows(
    part: Part, settings: ClassifierSettings, source: EncoderSource, data: ClassifierData
) -> Rows:
    keep = np.flatnonzero(part.targets.any(axis=1) | (data.task == "multi"))
    inside = part.take(keep)
    ids = tokenize(inside.texts, settings.text, source, settings.finetune.max_tokens)
    return Rows(ids, inside.targets)


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
