"""The command sequence of examples/README.md, from raw conversations to the evaluation's page."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RAW = ROOT.parent / "shared" / "data" / "star"
# Enough that some agents are held out and some answers recur; the whole of STAR takes minutes.
DIALOGUES = 400


def commands(mark: str) -> list[str]:
    """The lines of the marked block, without their remarks."""
    text = (ROOT / "examples" / "README.md").read_text()
    block = text.partition(f"<!-- examples:{mark} -->\n```console\n")[2].partition("```")[0]
    return [line.removeprefix("$ ").partition("   #")[0].strip() for line in block.splitlines()]


def some_dialogues(folder: Path) -> None:
    """The first dialogues of STAR, as they were downloaded."""
    folder.mkdir(parents=True)
    with (
        gzip.open(RAW / "dialogues.jsonl.gz", "rt", encoding="utf-8") as every,
        gzip.open(folder / "dialogues.jsonl.gz", "wt", encoding="utf-8") as some,
    ):
        some.writelines(islice(every, DIALOGUES))


@pytest.mark.slow
@pytest.mark.skipif(not RAW.is_dir(), reason="the raw conversations are not beside the clone")
def test_from_raw_conversations_to_the_evaluations_page(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    shutil.copytree(ROOT / "starter", clone / "starter")
    shutil.copytree(
        ROOT / "examples", clone / "examples", ignore=shutil.ignore_patterns("data", "__pycache__")
    )
    some_dialogues(tmp_path / "shared" / "data" / "star")
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    sequence = commands("replies")
    assert len(sequence) == 6
    for documented in sequence:
        command = documented.replace("--sample 80", "--sample 2").split()
        if documented.startswith("cuebox train"):
            command += ["--promote", "yes"]  # the slice is too small for the bars of the whole
        done = subprocess.run(
            command, cwd=clone, env=environment, check=False, capture_output=True, timeout=600
        )
        assert done.returncode == 0, f"{documented}\n{done.stdout!r}\n{done.stderr!r}"
    for page in ("answers.html", "evaluation/report.html"):
        text = (clone / page).read_text()
        assert text.startswith("<!doctype html>")
        assert "<svg" in text
    assert "Typed text saved" in (clone / "evaluation" / "report.html").read_text()
