"""`cuebox train` of a language model, as typed."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cuebox.cli.main import run
from cuebox.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

CONFIG = """
name = "tiny"
kind = "completion"
[[data.corpora]]
path = "turns.jsonl"
content = "conversations"
[tokenizer]
vocabulary = 300
[network]
dim = 32
layers = 1
heads = 1
inner = 64
context = 64
[training]
steps = 60
batch = 4
warmup = 2
evaluate_every = 30
threads = 1
[evaluation]
positions = 6
words = 2
ngram = 2
[export]
places = 6
max_growth = 0.5
"""


@pytest.fixture
def cuebox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    draw = random.Random(2)
    lines = []
    for number in range(40):
        thing = draw.choice(["ticket", "order", "refund", "parcel"])
        split = {0: "validation", 1: "test"}.get(number % 10, "train")
        for role, text in (("user", f"Where is my {thing}?"), ("agent", f"Your {thing} is here.")):
            row = {"conversation": str(number), "role": role, "text": text, "split": split}
            lines.append(json.dumps(row) + "\n")
    Path("turns.jsonl").write_text("".join(lines))
    Path("tiny.toml").write_text(CONFIG)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.mark.torch
def test_one_command_from_turns_to_production(cuebox: Run) -> None:
    for module in ("torch", "transformers", "openvino"):
        pytest.importorskip(module)
    status, _, said = cuebox("train", "tiny.toml")
    assert status == 0, said
    store = open_store()
    [version] = store.versions("tiny")
    assert store.aliases("tiny")["production"].version == version
    assert "2-gram" in said
    assert "served" in said
    manifest = store.manifest("tiny", version)
    assert manifest.decoder is not None
    assert manifest.decoder.quantization == "int8"
    assert manifest.metrics["bits_per_character"] > 0
    assert manifest.body["confidence"]
    report = Path(said.rsplit("Report: ", 1)[1].strip())
    assert report.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "kind=oracle"], "kind is 'oracle'"),
        (["--set", "network.layers=none"], "network.layers"),
        (["--set", "kind=classifier", "--finish"], "--finish is for language models"),
    ],
)
def test_what_does_not_fit_is_named(arguments: list[str], message: str, cuebox: Run) -> None:
    status, _, said = cuebox("train", "tiny.toml", *arguments)
    assert status != 0
    assert message in said


@pytest.mark.torch
def test_a_missing_file_is_named_before_anything_is_trained(cuebox: Run) -> None:
    pytest.importorskip("openvino")
    Path("turns.jsonl").unlink()
    status, _, said = cuebox("train", "tiny.toml")
    assert status != 0
    assert "turns.jsonl: cannot be read" in said
