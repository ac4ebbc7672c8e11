"""Fine-tune the encoder together with a classification layer; needs the `train` extra.

The layer starts from one that was trained on the frozen encoder (Kumar et al., 2022,
"Fine-tuning can distort pretrained features"), lower layers learn slower, and a moving average of
all weights is what is judged and kept. The head that is served is trained afterwards, on the
embeddings of the exported int8 encoder, like any other head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.finetune_loop import FinetuneLoop
from cuebox.kinds.classifier.finetune_model import Rows, load_model, tokenize
from cuebox.training.encoder_source import EncoderSource, find_folder, from_module, open_source

if TYPE_CHECKING:
    from cuebox.kinds.classifier.data import ClassifierData, Part
    from cuebox.kinds.classifier.settings import ClassifierSettings
    from cuebox.training.progress import Progress
    from cuebox.training.runs import Run

__all__ = ["finetune"]


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
    FinetuneLoop(model, train, validation, settings, run).run(progress)
    return from_module(model.encoder, source)


def _rows(
    part: Part, settings: ClassifierSettings, source: EncoderSource, data: ClassifierData
) -> Rows:
    keep = np.flatnonzero(part.targets.any(axis=1) | (data.task == "multi"))
    inside = part.take(keep)
    ids = tokenize(inside.texts, settings.text, source, settings.finetune.max_tokens)
    return Rows(ids, inside.targets)
