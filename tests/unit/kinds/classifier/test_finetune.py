from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cuebox.core.errors import DataError
from cuebox.kinds.classifier.data import ClassifierData, load_data
from cuebox.kinds.classifier.settings import ClassifierSettings, parse_classifier_settings
from cuebox.training.progress import SilentProgress
from cuebox.training.runs import Run, open_run

pytestmark = pytest.mark.torch

TINY = Path(__file__).parents[3] / "data" / "tiny_encoder"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A two-layer BERT with random weights, in Hugging Face format."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "checkpoint"
    size = len(json.loads((TINY / "tokenizer.json").read_text())["model"]["vocab"])
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder)
    shutil.copy(TINY / "tokenizer.json", folder)
    return folder


def prepare(tsv: Path, checkpoint: Path, **extra: Any) -> tuple[ClassifierSettings, ClassifierData]:
    document = {
        "name": "intents",
        "encoder": "unused",
        "out_of_scope": {"label": "oos"},
        "data": {"train": {"path": tsv.name, "split": "split"}},
        "finetune": {
            "enabled": True,
            "base": str(checkpoint),
            "epochs": 3,
            "batch": 32,
            "freeze_words": False,
            "device": "cpu",
            **extra,
        },
    }
    settings = parse_classifier_settings(document, source="test")
    return settings, load_data(settings, base=tsv.parent)


def finetune(data: ClassifierData, settings: ClassifierSettings, run: Run) -> Any:
    from cuebox.kinds.classifier.finetune import finetune

    return finetune(data, settings, settings.finetune.base, run, SilentProgress())


def epochs(run: Run) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads((run.folder / "finetune.json").read_text())
    return found


def test_an_encoder_learns_the_rows(single_tsv: Path, checkpoint: Path, tmp_path: Path) -> None:
    settings, data = prepare(single_tsv, checkpoint, epochs=8, lr=3e-3)
    run = open_run(tmp_path / "runs", "intents", ["a"])
    source = finetune(data, settings, run)
    table = epochs(run)
    assert table[-1]["loss"] < table[0]["loss"]
    assert max(epoch["score"] for epoch in table) > 0.8
    assert source.weights.dim == 32
    assert all(np.isfinite(layer.qkv.weight).all() for layer in source.weights.layers)


def test_an_interrupted_run_ends_like_one_that_was_not(
    single_tsv: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuebox.kinds.classifier import finetune_loop as module

    settings, data = prepare(single_tsv, checkpoint)
    whole = open_run(tmp_path / "runs", "whole", ["a"])
    expected = finetune(data, settings, whole)
    broken = open_run(tmp_path / "runs", "broken", ["a"])
    judge = module.FinetuneLoop._judge
    calls: list[int] = []

    def stop_in_the_second_epoch(loop: Any) -> float:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return judge(loop)

    with monkeypatch.context() as patch:
        patch.setattr(module.FinetuneLoop, "_judge", stop_in_the_second_epoch)
        with pytest.raises(KeyboardInterrupt):
            finetune(data, settings, broken)
    assert len(epochs(broken)) == 1
    source = finetune(data, settings, broken)
    assert epochs(broken) == epochs(whole)
    for found, wanted in zip(source.weights.layers, expected.weights.layers, strict=True):
        assert found.qkv.weight == pytest.approx(wanted.qkv.weight, abs=1e-5)


def test_it_stops_when_it_gets_no_better(
    single_tsv: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuebox.kinds.classifier import finetune_loop as module

    monkeypatch.setattr(module.FinetuneLoop, "_judge", lambda _: 0.5)
    settings, data = prepare(single_tsv, checkpoint, epochs=9, patience=2)
    run = open_run(tmp_path / "runs", "intents", ["a"])
    finetune(data, settings, run)
    assert len(epochs(run)) == 3


def test_without_validation_rows_it_refuses(
    single_tsv: Path, checkpoint: Path, tmp_path: Path
) -> None:
    lines = [line for line in single_tsv.read_text().splitlines() if "\tvalidation" not in line]
    single_tsv.write_text("\n".join(lines) + "\n")
    settings, _ = prepare(single_tsv, checkpoint)
    train = parse_classifier_settings(
        {
            "name": "intents",
            "encoder": "unused",
            "data": {
                "train": {"path": single_tsv.name, "split": "split"},
                "split": {"validation": 0},
            },
        },
        source="test",
    )
    data = load_data(train, base=single_tsv.parent)
    with pytest.raises(DataError, match="validation rows"):
        finetune(data, settings, open_run(tmp_path / "runs", "intents", ["a"]))
