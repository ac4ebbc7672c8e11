"""`cuebox decoder` as it is typed."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cuebox.cli.main import run
from cuebox.core.generation import Completed, GenerateRequest
from cuebox.store.opening import open_store
from tests.fakes.decoder_checkpoint import GPT2, LLAMA, write_checkpoint

if TYPE_CHECKING:
    from cuebox.core.manifest import Manifest
    from cuebox.store import ObjectModelStore

STORIES = Path(__file__).parents[4] / "shared" / "data" / "stories260k" / "stories260K.bin"
IMPORT = ["decoder", "import", "--store", "models", "--name", "tiny"]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    write_checkpoint(tmp_path / "checkpoint", LLAMA)
    return "checkpoint"


def test_import_publishes_and_inspect_shows(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "I would like to cancel my order, please. Where is the station? " * 20
    Path("held-out.txt").write_text(text, encoding="utf-8")
    Path("goldens.txt").write_text("I would like to\nThank you\n", encoding="utf-8")
    options = ["--held-out", "held-out.txt", "--goldens", "goldens.txt", "--places", "10"]
    options += ["--alias", "production", "--licence", "MIT", "--max-growth", "1"]
    assert run([*IMPORT, checkpoint, *options, "--reference", "float32"]) == 0
    shown = capsys.readouterr().out
    assert "served int8 against float32" in shown
    assert "published tiny" in shown
    store = open_store("models")
    version = store.versions("tiny")[0]
    assert store.aliases("tiny")["production"].version == version
    manifest = store.manifest("tiny", version)
    assert manifest.body["license"] == "MIT"
    measured = {point["stop_at"] for point in manifest.body["confidence"]}
    assert measured == {"word", "clause", "sentence", "gain"}
    assert len(manifest.body["confidence"]) == 20 * len(measured)
    assert manifest.provenance.config_digest

    assert run(["decoder", "inspect", "tiny", "--store", "models"]) == 0
    shown = capsys.readouterr().out
    assert f"tiny@{version}" in shown
    assert "clause: least score" in shown
    assert run(["decoder", "inspect", "tiny", "--store", "models", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["context"] == 96
    assert facts["keys_and_values_per_token_bytes"] == 2 * 2 * 2 * 2 * 16
    assert facts["confidence"] == manifest.body["confidence"]


def test_json_is_all_that_is_printed(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_checkpoint(Path(checkpoint), GPT2)
    options = ["--quantization", "int4", "--group", "32", "--reference", "none", "--json"]
    assert run([*IMPORT, checkpoint, *options]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["decoder"]["group"] == 32
    assert captured.err == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([*IMPORT, "nowhere"], "cuebox: nowhere has no config.json"),
        ([*IMPORT, "checkpoint", "--held-out", "absent.txt"], "absent.txt"),
        ([*IMPORT, "checkpoint", "--alias", "No Alias"], "'No Alias' is not a name"),
        ([*IMPORT, "checkpoint", "--quantization", "int4", "--group", "48"], "group is 48"),
        ([*IMPORT, "checkpoint", "--tokenizer", "tok.bin"], "brings its own tokenizer"),
        (["decoder", "inspect", "absent", "--store", "models"], "absent"),
    ],
)
def test_mistakes_are_told_in_one_line(
    arguments: list[str], told: str, checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("cuebox: ")]
    assert told in line
    assert not Path("models").exists() or open_store("models").names() == []


@pytest.mark.skipif(not STORIES.exists(), reason="the stories260k files are absent")
def test_stories260k_writes_its_documented_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*IMPORT, str(STORIES), "--quantization", "float32", "--reference", "none"]) == 0
    store = open_store("models")
    text = write(store, store.manifest("tiny", store.versions("tiny")[0]), "", 60)
    assert text.strip().startswith(
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the "
        "park. One day, she saw a big, red ball."
    )


def write(store: ObjectModelStore, manifest: Manifest, prompt: str, count: int) -> str:
    """Greedy text of a published version, as the server's engine writes it."""
    from cuebox.app.build import local_generator
    from cuebox.app.settings import load_settings

    spec = manifest.decoder
    assert spec is not None
    opened = local_generator(load_settings())
    generator = opened(spec, store.fetch(spec.weights), store.fetch(spec.tokenizer))
    request = GenerateRequest(prompt=prompt, max_tokens=count, temperature=0)

    async def ask() -> str:
        async with aclosing(generator.stream(request)) as answers:
            async for answer in answers:
                if isinstance(answer, Completed):
                    return answer.choices[0].text
        raise AssertionError("an answer ends with Completed")

    try:
        return asyncio.run(ask())
    finally:
        generator.release()
