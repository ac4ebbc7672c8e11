"""A published language model of a few kilobytes that knows no language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from cuebox.core.decoder import DECODER_TOKENIZER_FILE, DECODER_WEIGHTS_FILE
from cuebox.core.manifest import GOLDENS_FILE, Manifest
from cuebox.kinds.completion.body import CompletionBody, ConfidencePoint
from cuebox.kinds.completion.goldens import record_goldens
from cuebox.training.decoder_reader import DecoderReader
from tests.fakes.decoder_files import tiny_decoder
from tests.fakes.numpy_decoder import open_numpy_decoder

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.ports import ModelStore

__all__ = ["publish_writer"]


def publish_writer(
    store: ModelStore, folder: Path, name: str = "writer", *, seed: int = 0, context: int = 128
) -> Manifest:
    """Publish a random model and point `production` at it.

    It is not quantised, so that neighbours in a step change none of its answers. Its surest tenth of answers is out of reach: with `coverage` 0.1 nothing is answered.

    Args:
        folder: where its files are made.
    """
    spec, weights, tokenizer = tiny_decoder(
        folder, quantization="float32", seed=seed, context=context
    )
    goldens = record_goldens(
        DecoderReader(open_numpy_decoder(spec, weights, tokenizer)[1]),
        open_numpy_decoder(spec, weights, tokenizer)[0],
        ["I would like to cancel my order.", "The captain said nothing."],
    )
    confidence = [
        ConfidencePoint(coverage=0.1, min_score=-0.001, precision=0.9),
        ConfidencePoint(coverage=1.0, min_score=-50.0, precision=0.1),
    ]
    files = {
        DECODER_WEIGHTS_FILE: store.put_file(weights),
        DECODER_TOKENIZER_FILE: store.put_file(tokenizer),
        GOLDENS_FILE: store.put_bytes(msgspec.json.encode(goldens)),
    }
    manifest = store.publish(
        Manifest(
            kind="completion",
            name=name,
            files=files,
            decoder=spec,
            body=msgspec.to_builtins(CompletionBody(confidence=confidence)),
        )
    )
    store.move_alias(name, "production", manifest.version)
    return manifest
