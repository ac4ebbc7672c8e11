"""A store with the 21 classifiers of the examples: the real label counts, random weights.

What a head answers does not change what it costs, so speed can be measured without training;
`--store` measures trained ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from cuebox.core.manifest import EncoderSpec, FileRef, Golden, Manifest
from cuebox.core.text import TextSettings, normalize_text
from cuebox.core.types import TokenBatch
from cuebox.engines.opener import EncoderOpener
from cuebox.engines.settings import EngineSettings
from cuebox.kinds.classifier.body import ClassifierBody, OutOfScope
from cuebox.kinds.classifier.head import Head, save_head, sigmoid, softmax
from cuebox.store import open_store, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cuebox.core.ports import ModelStore
    from cuebox.core.types import FloatArray

__all__ = ["ENCODER", "HEADS", "build_store", "find_encoder"]

ENCODER = "minilm-l6"

# Name, labels, task and whether it detects out-of-scope texts; as examples/heads has them.
HEADS: tuple[tuple[str, int, str, bool], ...] = (
    ("banking77", 77, "single", False),
    ("snips", 7, "single", False),
    ("star", 163, "single", False),
    ("clinc150", 150, "single", True),
    ("clinc150-domain", 10, "single", True),
    *(
        (f"clinc150-{domain}", 15, "single", True)
        for domain in (
            "auto-and-commute", "banking", "credit-cards", "home", "kitchen-and-dining", "meta",
            "small-talk", "travel", "utility", "work",
        )
    ),
    ("multidogo-airline", 11, "multi", False),
    ("multidogo-fastfood", 14, "multi", False),
    ("multidogo-finance", 18, "multi", False),
    ("multidogo-insurance", 10, "multi", False),
    ("multidogo-media", 16, "single", False),
    ("multidogo-software", 16, "multi", False),
)  # fmt: skip

_GOLDEN_TEXTS = ("where is my card", "i would like to book a flight to boston", "thank you")
_OUT_OF_SCOPE_LOGIT = -100.0
# Added to a multi-label head's logits, so that a text gets about one label of it, as in the data.
_FEW_LABELS = -1.5


def find_encoder(where: str) -> tuple[EncoderSpec, Path, Path]:
    """Spec, model file and tokenizer file, from a store or from a folder with the three."""
    folder = Path(where)
    if (folder / "spec.json").exists():
        spec = msgspec.json.decode((folder / "spec.json").read_bytes(), type=EncoderSpec)
        return spec, folder / "model.onnx", folder / "tokenizer.json"
    store = open_store(where, cache_dir=".cuebox/cache")
    for name in store.names():
        spec_of = resolve(store, name).encoder
        if spec_of is not None:
            return spec_of, store.fetch(spec_of.model), store.fetch(spec_of.tokenizer)
    raise SystemExit(f"{where} has no encoder: give --encoder")


def build_store(folder: Path, encoder: str, hidden: int = 0, seed: int = 0) -> Path:
    """Publish the encoder and `HEADS` on it below `folder`; returns the store's own folder."""
    spec, model, tokenizer = find_encoder(encoder)
    store = open_store(str(folder / "store"), cache_dir=str(folder / "store-cache"))
    embeddings = _embed(spec, model, tokenizer)
    shared = {
        "encoder/model.onnx": store.put_file(model),
        "encoder/tokenizer.json": store.put_file(tokenizer),
    }
    spec = msgspec.structs.replace(
        spec, model=shared["encoder/model.onnx"], tokenizer=shared["encoder/tokenizer.json"]
    )
    _publish_encoder(store, spec, shared, embeddings)
    rng = np.random.default_rng(seed)
    for name, labels, task, scope in HEADS:
        head = _random_head(rng, labels, spec.dim, hidden)
        if task == "multi":
            head = head.scaled(1.0, _FEW_LABELS)
        body = ClassifierBody(
            labels=[f"{name}-label-{index}" for index in range(labels)],
            task=task,  # type: ignore[arg-type]
            text=TextSettings(),
            head="mlp" if hidden else "linear",
            thresholds=[0.5] * labels if task == "multi" else [],
            out_of_scope=OutOfScope(min_logit=_OUT_OF_SCOPE_LOGIT) if scope else None,
        )
        _publish(store, name, spec, shared, body, head, embeddings)
    return folder / "store"


def _publish(
    store: ModelStore,
    name: str,
    spec: EncoderSpec,
    shared: dict[str, FileRef],
    body: ClassifierBody,
    head: Head,
    embeddings: FloatArray,
) -> None:
    logits = head.logits(embeddings)
    probabilities = softmax(logits) if body.task == "single" else sigmoid(logits)
    goldens = [
        Golden(text, [float(value) for value in row])
        for text, row in zip(_GOLDEN_TEXTS, probabilities, strict=True)
    ]
    files = shared | {
        "head.safetensors": store.put_bytes(save_head(head)),
        "goldens.json": store.put_bytes(msgspec.json.encode(goldens)),
    }
    manifest = Manifest(
        kind="classifier",
        name=name,
        files=files,
        encoder=spec,
        body=msgspec.to_builtins(body),
    )
    store.move_alias(name, "production", store.publish(manifest).version)


def _publish_encoder(
    store: ModelStore, spec: EncoderSpec, shared: dict[str, FileRef], embeddings: FloatArray
) -> None:
    goldens = [
        Golden(text, row.tolist()) for text, row in zip(_GOLDEN_TEXTS, embeddings, strict=True)
    ]
    files = shared | {"goldens.json": store.put_bytes(msgspec.json.encode(goldens))}
    published = store.publish(Manifest(kind="encoder", name=ENCODER, files=files, encoder=spec))
    store.move_alias(ENCODER, "production", published.version)


def _random_head(rng: np.random.Generator, labels: int, dim: int, hidden: int) -> Head:
    def array(*shape: int) -> FloatArray:
        return rng.standard_normal(shape, np.float32)

    if not hidden:
        return Head(array(labels, dim), np.zeros(labels, np.float32))
    return Head(
        array(labels, hidden), np.zeros(labels, np.float32),
        array(hidden, dim), np.zeros(hidden, np.float32),
    )  # fmt: skip


def _embed(spec: EncoderSpec, model: Path, tokenizer: Path) -> FloatArray:
    tokens, encoder = EncoderOpener(EngineSettings(cache_dir=""))(spec, model, tokenizer)
    texts: Sequence[str] = [normalize_text(text, TextSettings()) for text in _GOLDEN_TEXTS]
    return np.stack([encoder.run(TokenBatch.of([tokens.encode(each).ids]))[0] for each in texts])
