"""Small classifiers with random weights, and data to train real ones on."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from cuebox.core.manifest import EncoderSpec, FileRef, Manifest
from cuebox.core.text import TextSettings, normalize_text
from cuebox.kinds.classifier.body import ClassifierBody, OutOfScope, Task
from cuebox.kinds.classifier.head import Head
from cuebox.kinds.classifier.predict import ClassifierPredictor

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.types import FloatArray

DIM = 16

MakeClassifier = Callable[..., ClassifierPredictor]


@pytest.fixture(autouse=True)
def _short_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told apart here is easy to learn; real rows get more steps."""
    monkeypatch.setattr("cuebox.kinds.classifier.network._FEWEST_STEPS", 250)


@pytest.fixture(scope="session")
def make() -> MakeClassifier:
    """Build a classifier: `make(name, labels=5, task="single", hidden=0, min_logit=None)`."""
    rng = np.random.default_rng(7)
    ref = FileRef("0" * 64, 1)
    encoder = encoder_spec(DIM)

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


class WordEmbedder:
    """`EmbedTexts` that adds up a fixed random direction for each word."""

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec
        self.texts = 0

    def __call__(
        self,
        texts: Sequence[str],
        text: TextSettings,
        progress: Callable[[int], None] | None = None,
    ) -> FloatArray:
        self.texts += len(texts)
        rows = np.stack([self._embed(normalize_text(one, text)) for one in texts])
        if progress is not None:
            progress(len(texts))
        return rows

    def _embed(self, text: str) -> FloatArray:
        total = np.full(self.spec.dim, 0.01, np.float32)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
            total += np.random.default_rng(seed).standard_normal(self.spec.dim, dtype=np.float32)
        unit: FloatArray = total / np.linalg.norm(total)
        return unit


@pytest.fixture
def embed() -> WordEmbedder:
    """An encoder of 64 dimensions that knows every word."""
    return WordEmbedder(encoder_spec(64))


def encoder_spec(dim: int) -> EncoderSpec:
    ref = FileRef("0" * 64, 1)
    return EncoderSpec(
        architecture="bert",
        dim=dim,
        max_tokens=64,
        pooling="mean",
        normalize=True,
        quantization="int8",
        model=ref,
        tokenizer=ref,
    )


WORDS = {
    "weather": "rain sun wind snow cloud storm",
    "music": "song band guitar album play loud",
    "travel": "flight hotel train ticket map visa",
}
STRANGE = "quark lemma axiom tensor kernel proof"


def sentence(label: str, rng: random.Random) -> str:
    """Two words of the label's own, and two that all labels share."""
    own = rng.sample(WORDS.get(label, STRANGE).split(), 2)
    return " ".join([*own, *rng.sample(["please", "the", "a", "my", "now", "could"], 2)])


@pytest.fixture
def single_tsv(tmp_path: Path) -> Path:
    """Rows of three labels with splits, and out-of-scope rows."""
    rng = random.Random(3)
    lines = ["text\tlabel\tsplit"]
    for split, rows in (("train", 40), ("validation", 20), ("test", 20)):
        for label in (*WORDS, "oos"):
            lines += [f"{sentence(label, rng)} {split}{n}\t{label}\t{split}" for n in range(rows)]
    path = tmp_path / "single.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def multi_tsv(tmp_path: Path) -> Path:
    """Rows with one label, two, or none, without splits."""
    rng = random.Random(4)
    lines = ["text\tlabels"]
    for number in range(400):
        labels = rng.sample(list(WORDS), rng.choice([0, 1, 1, 2]))
        words = " ".join(sentence(label, rng) for label in labels) or "now please"
        lines.append(f"{words} {number}\t{'|'.join(labels)}")
    path = tmp_path / "multi.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path
