"""The trained network, the served decoder and the baseline, judged by the same code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.kinds.completion.evaluate import (
    Judged,
    ModelScores,
    evaluate,
    ngram_baseline,
    suggester,
)
from cuebox.kinds.completion.served_model import ServedModel
from cuebox.kinds.completion.torch_model import TorchModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cuebox.core.ports import OpenDecoder
    from cuebox.kinds.completion.export import Exported
    from cuebox.kinds.completion.ngram import KneserNey
    from cuebox.kinds.completion.places import Place
    from cuebox.kinds.completion.train import Trained
    from cuebox.training.held_out import Split
    from cuebox.training.progress import Progress

__all__ = ["Judges"]


class Judges:
    """Figures of several models on the same documents and places."""

    def __init__(
        self,
        trained: Trained,
        split: Split,
        places: Mapping[str, list[Place]],
        progress: Progress,
    ) -> None:
        self._trained, self._split, self._places = trained, split, places
        self._progress = progress
        self._context = trained.settings.network.context

    def network(self) -> ModelScores:
        """Of the trained network, in torch and float32."""
        threads = self._trained.settings.training.threads
        model = TorchModel.open(self._trained.model, context=self._context, threads=threads)
        return self._judge(model, "trained")

    def served(self, exported: Exported, open_decoder: OpenDecoder) -> ModelScores:
        """Of the exported decoder, in the engine that serves it.

        Raises:
            ModelError: it cannot be opened.
        """
        spec = exported.manifest.decoder
        if spec is None:
            raise ValueError("an exported completion model names its decoder")
        folder = exported.folder
        _, model = open_decoder(
            spec, folder / DECODER_WEIGHTS_FILE, folder / DECODER_TOKENIZER_FILE
        )
        try:
            return self._judge(ServedModel(model, self._context), "served")
        finally:
            model.close()

    def ngram(self) -> ModelScores:
        """Of the n-gram model of the training documents."""
        order = self._trained.settings.evaluation.ngram
        with self._progress.stage(f"Counting {order}-grams", 1) as step:
            model = ngram_baseline(self._trained.prepared, order)
            step(1)
        return self._judge(model, f"{order}-gram")

    def _judge(self, model: ServedModel | TorchModel | KneserNey, title: str) -> ModelScores:
        prepared = self._trained.prepared
        words = self._trained.settings.evaluation.words
        judged = Judged(model, suggester(model, prepared, words=words))
        return evaluate(judged, prepared, self._split, self._places, self._progress, title=title)
