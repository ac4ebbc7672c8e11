"""Real, tiny models in a real store: the test encoder and heads with random weights."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.manifest import EncoderSpec, Golden, Manifest
from cuebox.core.text import TextSettings, normalize_text
from cuebox.core.types import TokenBatch
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.kinds.classifier.body import ClassifierBody, OutOfScope
from cuebox.kinds.classifier.head import Head, save_head, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray

__all__ = ["TINY", "embed_tiny", "publish_head", "tiny_spec"]

TINY = Path(__file__).resolve().parent.parent / "data" / "tiny_encoder"

_GOLDEN_TEXTS = ("where is my card", "play some music")


@cache
def tiny_spec() -> EncoderSpec:
    """The spec of the test encoder."""
    return msgspec.json.decode((TINY / "spec.json").read_bytes(), type=EncoderSpec)


def embed_tiny(texts: Sequence[str]) -> FloatArray:
    """Embeddings of the test encoder, one text a call, past every cache."""
    opener = EncoderOpener(EngineSettings(cache_dir=""))
    tokenizer, encoder = opener(tiny_spec(), TINY / "model.onnx", TINY / "tokenizer.json")
    rows = [
        encoder.run(TokenBatch.of([tokenizer.encode(normalize_text(text, TextSettings())).ids]))[0]
        for text in texts
    ]
    return np.stack(rows)


def publish_head(
    store: ModelStore,
    name: str,
    *,
    labels: Sequence[str] = ("no", "yes"),
    seed: int = 0,
    task: str = "single",
    favourite: int | None = None,
    out_of_scope: float | None = None,
    wrong_golden: bool = False,
    alias: str | None = "production",
) -> Manifest:
    """Publish a head on the test encoder and point `alias` at it.

    Args:
        favourite: a label that always wins, so that a test knows the answer.
        out_of_scope: the lowest best logit of an in-scope text.
        wrong_golden: record goldens that the head does not repeat.
    """
    spec = tiny_spec()
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((len(labels), spec.dim)).astype(np.float32)
    bias = np.zeros(len(labels), np.float32)
    if favourite is not None:
        bias[favourite] = 40.0
    head = Head(weight, bias)
    logits = head.logits(embed_tiny(_GOLDEN_TEXTS))
    probabilities = softmax(logits) if task == "single" else sigmoid(logits)
    if wrong_golden:
        probabilities = 1 - probabilities
    goldens = [
        Golden(text, [float(value) for value in row])
        for text, row in zip(_GOLDEN_TEXTS, probabilities, strict=True)
    ]
    body = ClassifierBody(
        labels=list(labels),
        task=task,  # type: ignore[arg-type]
        text=TextSettings(),
        head="linear",
        thresholds=[0.5] * len(labels) if task == "multi" else [],
        out_of_scope=None if out_of_scope is None else OutOfScope(min_logit=out_of_scope),
    )
    files = {
        "encoder/model.onnx": store.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": store.put_file(TINY / "tokenizer.json"),
        "head.safetensors": store.put_bytes(save_head(head)),
        "goldens.json": store.put_bytes(msgspec.json.encode(goldens)),
    }
    manifest = store.publish(
        Manifest(
            kind="classifier", name=name, files=files, encoder=spec, body=msgspec.to_builtins(body)
        )
    )
    if alias is not None:
        store.move_alias(name, alias, manifest.version)
    return manifest
