from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from cuebox.core.errors import GoldenMismatch, ModelError
from cuebox.core.manifest import Golden, Manifest
from cuebox.kinds.classifier import KIND
from cuebox.kinds.classifier.head import Head, save_head
from cuebox.kinds.classifier.predict import ClassifierPredictor

Make = Callable[..., ClassifierPredictor]
DIM = 16


@pytest.mark.parametrize("hidden", [0, 5])
@pytest.mark.parametrize("task", ["single", "multi"])
def test_a_saved_head_loads_as_it_was(make: Make, hidden: int, task: str) -> None:
    one = make("plain", hidden=hidden, task=task)
    loaded = KIND.load(one.manifest, lambda _: save_head(one.head))
    embedding = np.ones((1, DIM), np.float32)
    assert loaded.probabilities(embedding) == pytest.approx(one.probabilities(embedding))
    assert list(loaded.labels) == list(one.labels)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not safetensors at all", "head.safetensors"),
        (save_head(Head(np.ones((4, DIM), np.float32), np.ones(4, np.float32))), "weight has"),
        (save_head(Head(np.ones((5, 8), np.float32), np.ones(5, np.float32))), "weight has"),
        (save_head(Head(np.ones((5, DIM), np.float32), np.ones(4, np.float32))), "bias has"),
        (save_head(Head(np.full((5, DIM), np.nan, np.float32), np.ones(5, np.float32))), "finite"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(make: Make, content: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        KIND.load(make("plain").manifest, lambda _: content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": []}, "labels"),
        ({"labels": ["a", "a"]}, "different"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"task": "both"}, "task"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_damaged_manifest_is_refused(make: Make, change: dict[str, object], message: str) -> None:
    one = make("plain")
    manifest: Manifest = msgspec.structs.replace(one.manifest, body={**one.manifest.body, **change})
    with pytest.raises(ModelError, match=message):
        KIND.load(manifest, lambda _: save_head(one.head))


def test_goldens_pass_on_the_same_head_and_fail_on_another(make: Make) -> None:
    one = make("plain")
    embedding = np.ones(DIM, np.float32)
    golden = Golden("hello", one.probabilities(embedding[None])[0].tolist())
    one.check(golden, embedding)
    with pytest.raises(GoldenMismatch, match="'hello'"):
        one.check(golden, -embedding)
    with pytest.raises(GoldenMismatch, match="values"):
        one.check(Golden("hello", [1.0]), embedding)
    with pytest.raises(ModelError, match="finite"):
        one.check(golden, np.full(DIM, np.nan, np.float32))


def test_text_is_prepared_as_in_training(make: Make) -> None:
    assert make("plain").prepare("  what\u200b is\n this ") == "what is this"
