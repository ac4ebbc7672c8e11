"""From a checkpoint to the graph that is served."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import pytest
import tokenizers
from safetensors.numpy import load_file, save_file

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.encoder_source import open_source
from cuebox.training.export_encoder import MODEL_FILE, TOKENIZER_FILE, export_encoder

if TYPE_CHECKING:
    from cuebox.core.types import FloatArray

DATA = Path(__file__).parents[2] / "data"
TEXTS = ["where is my card", "hi", "i want to book a flight to london for two people please"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A sentence-transformers folder of the tiny encoder."""
    folder = tmp_path / "checkpoint"
    runpy.run_path(str(DATA / "make_tiny_encoder.py"))["write_checkpoint"](folder)
    return folder


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def embed(folder: Path, texts: list[str]) -> FloatArray:
    """Run an exported model over one padded batch."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    rows = [tokenizer.encode(text).ids for text in texts]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = ids.copy()
    for index, row in enumerate(rows):
        ids[index, : len(row)], mask[index, : len(row)] = row, 1
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(folder / MODEL_FILE, options)
    output: FloatArray = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
    return output


def cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    result: FloatArray = (left * right).sum(axis=1) / norms
    return result


def test_the_spec_says_what_the_checkpoint_says(checkpoint: Path, tmp_path: Path) -> None:
    spec = export_encoder(open_source(str(checkpoint)), tmp_path)
    assert (spec.dim, spec.max_tokens, spec.pooling, spec.normalize) == (64, 32, "mean", True)
    assert spec.model.size == (tmp_path / MODEL_FILE).stat().st_size


def test_the_tokenizer_neither_pads_nor_cuts(checkpoint: Path, tmp_path: Path) -> None:
    export_encoder(open_source(str(checkpoint)), tmp_path)
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / TOKENIZER_FILE))
    assert len(tokenizer.encode("card").ids) == 3
    assert len(tokenizer.encode("card " * 300).ids) == 302


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("normalize", [True, False])
def test_int8_agrees_with_float32(
    checkpoint: Path, tmp_path: Path, pooling: str, normalize: bool
) -> None:
    source = open_source(str(checkpoint), pooling=pooling, normalize=normalize)
    for quantization in ("int8", "float32"):
        export_encoder(source, tmp_path / quantization, quantization=quantization)
    exact, small = embed(tmp_path / "float32", TEXTS), embed(tmp_path / "int8", TEXTS)
    assert cosines(exact, small).min() > 0.99
    lengths = np.linalg.norm(exact, axis=1)
    assert np.allclose(lengths, 1, atol=1e-5) is normalize
    assert (tmp_path / "int8" / MODEL_FILE).stat().st_size * 3 < (
        tmp_path / "float32" / MODEL_FILE
    ).stat().st_size


def test_the_same_source_gives_the_same_bytes(checkpoint: Path, tmp_path: Path) -> None:
    source = open_source(str(checkpoint))
    first, second = (export_encoder(source, tmp_path / name) for name in "ab")
    assert first == second


def test_a_task_models_prefix_is_understood(checkpoint: Path, tmp_path: Path) -> None:
    export_encoder(open_source(str(checkpoint)), tmp_path / "plain", quantization="float32")
    path = checkpoint / "model.safetensors"
    save_file({f"bert.{name}": value for name, value in load_file(path).items()}, path)
    export_encoder(open_source(str(checkpoint)), tmp_path / "prefixed", quantization="float32")
    np.testing.assert_array_equal(
        embed(tmp_path / "plain", TEXTS), embed(tmp_path / "prefixed", TEXTS)
    )


def test_a_checkpoint_without_sentence_files_gets_the_usual_reading(checkpoint: Path) -> None:
    (checkpoint / "modules.json").unlink()
    source = open_source(str(checkpoint))
    assert (source.pooling, source.normalize, source.max_tokens) == ("mean", True, 64)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "t5"}, "'t5' cannot be exported"),
        ({"hidden_act": "silu"}, "activation 'silu'"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"is_decoder": True}, "decoder"),
        ({"num_hidden_layers": 3}, "no tensor 'encoder.layer.2"),
    ],
)
def test_what_the_graph_cannot_express_is_refused(
    checkpoint: Path, changes: dict[str, object], message: str
) -> None:
    edit(checkpoint / "config.json", **changes)
    with pytest.raises(ModelError, match=message):
        open_source(str(checkpoint))


def test_a_module_that_would_be_lost_is_refused(checkpoint: Path) -> None:
    path = checkpoint / "modules.json"
    dense = {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}
    path.write_text(json.dumps([*json.loads(path.read_text()), dense]))
    with pytest.raises(ModelError, match="Dense"):
        open_source(str(checkpoint))


def test_other_poolings_are_refused(checkpoint: Path) -> None:
    edit(
        checkpoint / "1_Pooling/config.json",
        pooling_mode_mean_tokens=False,
        pooling_mode_max_tokens=True,
    )
    with pytest.raises(ModelError, match="pooling_mode_max_tokens"):
        open_source(str(checkpoint))


def test_a_pickle_is_not_opened(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickle"):
        open_source(str(checkpoint))


@pytest.mark.parametrize(
    ("reference", "message"),
    [("/no/such/folder", "no config.json"), ("package:no-such-package", "not installed")],
)
def test_a_source_that_is_not_there(reference: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_source(reference)


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[object] = []

    def refuse(repository: str, **options: object) -> str:
        asked.extend((repository, options["revision"]))
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ConfigError, match=r"hf:org/name@v2 cannot be fetched .*no route"):
        open_source("hf:org/name@v2")
    assert asked == ["org/name", "v2"]


def test_a_hub_folder_is_read_like_a_local_one(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(checkpoint))
    assert open_source("hf:org/tiny").origin == "hf:org/tiny"


def test_more_tokens_than_positions_are_refused(checkpoint: Path) -> None:
    with pytest.raises(ConfigError, match="64 positions"):
        open_source(str(checkpoint), max_tokens=65)
