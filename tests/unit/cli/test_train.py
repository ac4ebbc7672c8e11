"""`cuebox train` and `cuebox evaluate`, as typed."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from cuebox.cli.main import run
from cuebox.core.manifest import EncoderSpec, Manifest
from cuebox.store import ObjectModelStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

TINY = Path(__file__).parents[2] / "data" / "tiny_encoder"
WORDS = {"food": "eat bread water", "travel": "road city car", "work": "office money business"}
CONFIG = """
name = "topics"
encoder = "tiny"
[data.train]
path = "rows.tsv"
[data.split]
leak_guard = false
[head]
types = ["linear"]
noise = [0.3]
[learning_curve]
shares = []
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectModelStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    opened = open_store()
    spec = msgspec.json.decode((TINY / "spec.json").read_bytes(), type=EncoderSpec)
    files = {
        "encoder/model.onnx": opened.put_file(TINY / "model.onnx"),
        "encoder/tokenizer.json": opened.put_file(TINY / "tokenizer.json"),
    }
    opened.publish(Manifest(kind="encoder", name="tiny", files=files, encoder=spec))
    rng = random.Random(1)
    lines = ["text\tlabel"]
    for label, words in WORDS.items():
        some = words.split()
        lines += [f"the {rng.choice(some)} and {rng.choice(some)}\t{label}" for _ in range(60)]
    (tmp_path / "rows.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "topics.toml").write_text(CONFIG)
    return opened


@pytest.fixture
def cuebox(store: ObjectModelStore, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_train_then_evaluate(cuebox: Run, store: ObjectModelStore) -> None:
    status, _, said = cuebox("train", "topics.toml")
    assert status == 0, said
    version = store.versions("topics")[-1]
    assert f"topics@{version}" in said
    assert "In production" in said
    assert store.aliases("topics")["production"].version == version
    report = Path(said.rsplit("Report: ", 1)[1].strip())
    assert report.read_text().startswith("<!doctype html>")

    status, out, said = cuebox("evaluate", "topics.toml", "--json")
    assert status == 0, said
    metrics = json.loads(out)["metrics"]
    assert metrics["accuracy"] == pytest.approx(
        store.manifest("topics", version).metrics["accuracy"]
    )

    status, out, _ = cuebox("evaluate", "topics", "--data", "rows.tsv", "--output", "page")
    assert status == 0
    assert "180 rows" in out
    assert Path("page/report.html").exists()


def test_a_second_version_is_compared_with_the_first(cuebox: Run, store: ObjectModelStore) -> None:
    cuebox("train", "topics.toml")
    first = store.versions("topics")[-1]
    status, _, said = cuebox("train", "topics.toml", "--set", "gates.limits={accuracy=1.01}")
    assert status == 0
    assert f"topics@{first}" in said
    assert "Not in production" in said
    assert "worse than the limit" in said
    assert store.aliases("topics")["production"].version == first
    assert len(store.versions("topics")) == 2


def test_nothing_is_published_when_told_so(cuebox: Run, store: ObjectModelStore) -> None:
    status, _, said = cuebox("train", "topics.toml", "--no-publish")
    assert status == 0
    assert "Published" not in said
    assert store.versions("topics") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "missing.toml"], "missing.toml"),
        (["train", "topics.toml", "--set", "seed"], "KEY=VALUE"),
        (["train", "topics.toml", "--set", "sead=1"], "sead"),
        (["train", "topics.toml", "--set", "encoder=nobody"], "nobody"),
        (["train", "topics.toml", "--set", "data.train.path=none.tsv"], "none.tsv"),
        (["evaluate", "topics.toml"], "topics"),
        (["evaluate", "tiny", "--data", "rows.tsv"], "not a classifier"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(cuebox: Run, arguments: list[str], message: str) -> None:
    status, _, said = cuebox(*arguments)
    assert status == 2
    assert message in said.splitlines()[-1]
    assert "Traceback" not in said
