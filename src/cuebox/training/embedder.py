"""Texts to embeddings of the served encoder, cached on disk: all a head is trained on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from cuebox.core.text import TextSettings, normalize_text
from cuebox.core.types import TokenBatch
from cuebox.training.embedding_file import EmbeddingFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cuebox.core.ports import Encoder, Tokenizer
    from cuebox.core.types import FloatArray

__all__ = ["CachedEmbedder"]

# How many new embeddings may be lost to a kill: about two seconds of work.
_SAVE_EVERY = 1024


class CachedEmbedder:
    """`EmbedTexts` over a tokenizer and an encoder.

    One text a call, as it is served: dynamic int8 quantisation takes one scale from the whole
    batch, so an embedding would depend on its neighbours. Interrupted, it keeps what is done
    and the next call carries on from there.
    """

    def __init__(
        self, tokenizer: Tokenizer, encoder: Encoder, *, cache: Path | None, workers: int
    ) -> None:
        """`cache` is a folder, one file per encoder in it; None keeps nothing."""
        self.spec = encoder.spec
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._workers = workers
        self._file = EmbeddingFile(cache / f"{self.spec.digest[:24]}.sqlite") if cache else None

    def __call__(
        self,
        texts: Sequence[str],
        text: TextSettings,
        progress: Callable[[int], None] | None = None,
    ) -> FloatArray:
        """Float32 `[len(texts), dim]`; `progress` is told how many more rows are done."""
        normalized = [normalize_text(one, text) for one in texts]
        unique = list(dict.fromkeys(normalized))
        known = self._file.read(unique) if self._file else {}
        missing = [one for one in unique if one not in known]
        report = progress or (lambda _: None)
        report(len(texts) - len(missing))
        if missing:
            known |= self._embed_all(missing, report)
        out = np.empty((len(texts), self.spec.dim), np.float32)
        for row, one in enumerate(normalized):
            out[row] = known[one]
        return out

    def _embed_all(
        self, texts: Sequence[str], report: Callable[[int], None]
    ) -> dict[str, FloatArray]:
        done: dict[str, FloatArray] = {}
        with ThreadPoolExecutor(self._workers, thread_name_prefix="embed") as pool:
            try:
                for start in range(0, len(texts), _SAVE_EVERY):
                    piece = texts[start : start + _SAVE_EVERY]
                    vectors: list[FloatArray] = []
                    for vector in pool.map(self._embed, piece):
                        vectors.append(vector)
                        report(1)
                    self._save(zip(piece, vectors, strict=True), done)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return done

    def _embed(self, text: str) -> FloatArray:
        batch = TokenBatch.of([self._tokenizer.encode(text).ids])
        vector: FloatArray = self._encoder.run(batch)[0]
        return vector

    def _save(self, rows: zip[tuple[str, FloatArray]], done: dict[str, FloatArray]) -> None:
        piece = list(rows)
        if self._file:
            self._file.add(piece)
        done.update(piece)
