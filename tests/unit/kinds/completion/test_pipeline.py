from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from cuebox.kinds.completion.engine import Engine
from cuebox.kinds.completion.settings import CompletionSettings
from cuebox.store import open_store
from cuebox.training.progress import SilentProgress
from tests.fakes.numpy_decoder import open_numpy_decoder

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.core.decoder import DecoderSpec
    from cuebox.core.ports import Generator, ModelStore

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.torch

Make = Callable[..., CompletionSettings]


def build(settings: CompletionSettings, base: Path, store: ModelStore) -> Any:
    from cuebox.kinds.completion.pipeline import build

    def no_generator(spec: DecoderSpec, weights: Path, tokenizer: Path) -> Generator:
        raise AssertionError("nothing is generated when there are no places to measure at")

    engine = Engine(
        open_decoder=open_numpy_decoder,
        open_exact=open_numpy_decoder,
        open_generator=no_generator,
    )
    return build(settings, store, engine, base=base, runs=base / "runs", progress=SilentProgress())


def test_from_turns_to_production(conversations: Path, make_settings: Make) -> None:
    from cuebox.kinds.completion.pipeline import publish_trained

    store = open_store(str(conversations / "store"))
    settings = make_settings(
        "turns.jsonl",
        training={"steps": 150, "evaluate_every": 50, "lr": 1e-2},
        export={"quantization": "float32", "places": 0},
        gates={"limits": {"bits_per_character": 4.0}},
    )
    built = build(settings, conversations, store)
    manifest, promoted = publish_trained(built, store)
    assert promoted
    assert store.aliases("tiny")["production"].version == manifest.version
    assert {"report.html", "report.json", "curve.csv"} <= set(manifest.files)

    report = json.loads(store.read(manifest.files["report.json"]))
    figures = report["corpora"][0]["figures"]
    assert list(figures) == ["tiny", "served", "3-gram"]
    # The same code judges all three; what is served is what was trained.
    trained, served = figures["tiny"], figures["served"]
    assert served["bits_per_character"] == pytest.approx(trained["bits_per_character"], abs=1e-3)
    assert served["suggestions"] == trained["suggestions"]
    assert manifest.metrics["bits_per_character"] == served["bits_per_character"]
    # It learnt to answer with what was asked, which takes more than three tokens' memory.
    assert trained["bits_per_character"] < 1


def test_a_worse_model_is_not_promoted(texts: Path, make_settings: Make) -> None:
    from cuebox.kinds.completion.pipeline import publish_trained

    store = open_store(str(texts / "store"))
    export = {"quantization": "float32", "places": 0}
    good = build(make_settings(training={"steps": 60}, export=export), texts, store)
    assert publish_trained(good, store)[1]
    worse = build(make_settings(training={"steps": 2}, export=export), texts, store)
    assert not publish_trained(worse, store)[1]
    assert any("bits_per_character" in reason for reason in worse.verdict.reasons)
    assert str(store.aliases("tiny")["production"].version).endswith(".1")
