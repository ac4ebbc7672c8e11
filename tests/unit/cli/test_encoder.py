"""`cuebox encoder export` as it is typed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from cuebox.cli.main import run
from cuebox.store.opening import open_store

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(DATA / "make_tiny_encoder.py"))["write_checkpoint"](tmp_path / "checkpoint")
    return "checkpoint"


def test_export_publishes_and_moves_the_alias(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["encoder", "export", checkpoint, "--name", "tiny", "--store", "models"]
    options = ["--alias", "production", "--reference", "float32"]
    assert run([*arguments, *options]) == 0
    shown = capsys.readouterr().out
    assert "int8 against float32, cosine similarity" in shown
    assert "published tiny" in shown
    store = open_store("models")
    assert store.aliases("tiny")["production"].version == store.versions("tiny")[0]

    assert run([*arguments, "--reference", "float32", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["encoder"]["dim"] == 64
    assert captured.err == ""
    assert len(store.versions("tiny")) == 2


def test_mistakes_are_told_in_one_line(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    del checkpoint
    assert run(["encoder", "export", "nowhere", "--name", "tiny", "--store", "models"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("cuebox: nowhere has no config.json")
