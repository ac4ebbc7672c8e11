"""Small classifiers with random weights."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from cuebox.core.manifest import EncoderSpec, FileRef, Manifest
from cuebox.core.text import TextSettings
from cuebox.kinds.classifier.body import ClassifierBody, OutOfScope, Task
from cuebox.kinds.classifier.head import Head
from cuebox.kinds.classifier.predict import ClassifierPredictor

DIM = 16

MakeClassifier = Callable[..., ClassifierPredictor]


@pytest.fixture(scope="session")
def make() -> MakeClassifier:
    """Build a classifier: `make(name, labels=5, task="single", hidden=0, min_logit=None)`."""
    rng = np.random.default_rng(7)
    ref = FileRef("0" * 64, 1)
    encoder = EncoderSpec(
        architecture="bert",
        dim=DIM,
        max_tokens=64,
        pooling="mean",
        normalize=True,
        quantization="int8",
        model=ref,
        tokenizer=ref,
    )

    def array(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.standard_normal(shape, dtype=np.float32)

    def build(
        name: str,
        labels: int = 5,
        task: Task = "single",
        hidden: int = 0,
        min_logit: float | None = None,
        version: str = "2026-11-21.1",
    ) -> ClassifierPredictor:
        body = ClassifierBody(
            labels=[f"{name}-{place}" for place in range(labels)],
            task=task,
            text=TextSettings(),
            head="mlp" if hidden else "linear",
            thresholds=[0.5] * labels if task == "multi" else [],
            out_of_scope=None if min_logit is None else OutOfScope(min_logit=min_logit),
        )
        inner = (array(hidden, DIM), array(hidden)) if hidden else (None, None)
        head = Head(array(labels, hidden or DIM), array(labels), *inner)
        manifest = Manifest(
            kind="classifier",
            name=name,
            version=version,
            files={"head.safetensors": ref},
            encoder=encoder,
            body=msgspec.to_builtins(body),
        )
        return ClassifierPredictor(manifest, body, head)

    return build
