"""The cache of prepacked weights: made once, shared, rebuilt, done without."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cuebox.core.errors import ModelError
from cuebox.engines.onnx_encoder import open_session, session_options
from cuebox.engines.prepack import open_prepacked, prepacked_folder

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime as ort

    from cuebox.core.manifest import EncoderSpec

IDS = np.array([[2, 90, 91, 92, 3]], dtype=np.int64)


def run(session: ort.InferenceSession) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    output: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = session.run(
        None, {"input_ids": IDS, "attention_mask": np.ones_like(IDS)}
    )[0]
    return output


def test_prepacked_answers_like_portable_and_is_made_once(
    spec: EncoderSpec, tiny: Path, tmp_path: Path
) -> None:
    model = tiny / "model.onnx"
    expected = run(open_session(model, session_options(1)))
    folder = prepacked_folder(tmp_path, spec.model.sha256)
    np.testing.assert_array_equal(
        run(open_prepacked(model, spec.model.sha256, tmp_path, 1)), expected
    )
    made = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert set(made) == {"model.onnx", "weights.bin", "check.json"}
    np.testing.assert_array_equal(
        run(open_prepacked(model, spec.model.sha256, tmp_path, 1)), expected
    )
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == made
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("damage", ["flip", "truncate", "graph", "check", "missing"])
def test_a_damaged_cache_is_made_again(
    spec: EncoderSpec,
    tiny: Path,
    tmp_path: Path,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = tiny / "model.onnx"
    expected = run(open_prepacked(model, spec.model.sha256, tmp_path, 1))
    folder = prepacked_folder(tmp_path, spec.model.sha256)
    _damage(folder, damage)
    with caplog.at_level(logging.WARNING):
        session = open_prepacked(model, spec.model.sha256, tmp_path, 1)
    assert "damaged" in caplog.text
    np.testing.assert_array_equal(run(session), expected)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    caplog.clear()
    open_prepacked(model, spec.model.sha256, tmp_path, 1)
    assert not caplog.text


def _damage(folder: Path, damage: str) -> None:
    weights = folder / "weights.bin"
    content = bytearray(weights.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        weights.write_bytes(content)
    elif damage == "truncate":
        weights.write_bytes(content[:-1])
    elif damage == "graph":
        (folder / "model.onnx").write_bytes(b"")
    elif damage == "check":
        (folder / "check.json").write_bytes(b"{")
    else:
        weights.unlink()


def test_without_a_place_to_write_the_portable_model_serves(
    spec: EncoderSpec, tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    session = open_prepacked(tiny / "model.onnx", spec.model.sha256, blocked, 1)
    assert run(session).shape == (1, 64)
    assert "loading the portable model" in caplog.text


def test_a_bad_model_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"junk")
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_prepacked(broken, "0" * 64, tmp_path / "cache", 1)
    assert not list((tmp_path / "cache" / "prepacked").iterdir())


def test_processes_that_start_together_all_serve(
    spec: EncoderSpec, tiny: Path, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from cuebox.engines.prepack import open_prepacked;"
        f"open_prepacked(Path({str(tiny / 'model.onnx')!r}), {spec.model.sha256!r}, "
        f"Path({str(tmp_path)!r}), 1)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")
    folder = prepacked_folder(tmp_path, spec.model.sha256)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
