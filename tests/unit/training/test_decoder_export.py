"""The weights file: what is in it, where, and that the same model gives the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from safetensors.numpy import load_file

from cuebox.core.decoder import DECODER_WEIGHTS_FILE
from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_file import TensorFile, TensorLayout
from cuebox.training.decoder_source import open_decoder_source
from tests.fakes.decoder_checkpoint import GPT2, LLAMA, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

Quantization = Literal["float32", "int8", "int4"]


@pytest.mark.parametrize("quantization", ["float32", "int8", "int4"])
@pytest.mark.parametrize("config", [GPT2, LLAMA | {"tie_word_embeddings": False}])
def test_the_same_source_gives_the_same_bytes(
    config: dict[str, object], quantization: Quantization, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path / "checkpoint", config)
    specs = []
    for name in ("one", "two"):
        source = open_decoder_source(str(tmp_path / "checkpoint"))
        specs.append(export_decoder(source, tmp_path / name, quantization=quantization))
    assert specs[0] == specs[1]
    assert specs[0].digest == specs[1].digest
    assert specs[0].group == (64 if quantization == "int4" else 0)

    stored = load_file(tmp_path / "one" / DECODER_WEIGHTS_FILE)
    kinds = {name: str(values.dtype) for name, values in stored.items()}
    table = "float32" if quantization == "float32" else "int8"
    matrix = {"float32": "float32", "int8": "int8", "int4": "uint8"}[quantization]
    assert kinds["embed"] == table
    assert kinds["layers.1.mlp_out.weight"] == matrix
    assert kinds["final_norm.weight"] == "float32"
    assert kinds.get("positions", "float32") == "float32"
    assert ("layers.0.qkv.weight.scale" in kinds) == (quantization != "float32")
    assert ("output" in kinds) == (config is not GPT2)


def test_tensors_lie_on_borders_that_can_be_mapped(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "checkpoint", GPT2 | {"vocab_size": 321})
    source = open_decoder_source(str(tmp_path / "checkpoint"))
    export_decoder(source, tmp_path, quantization="int8")
    content = (tmp_path / DECODER_WEIGHTS_FILE).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    assert (8 + length) % 64 == 0
    odd = {
        name: entry["data_offsets"][0] % 64
        for name, entry in header.items()
        if entry["data_offsets"][0] % 64
    }
    assert set(odd) <= {"embed.scale"}, "321 scales of two bytes are the only odd size"


def test_a_group_must_divide_every_width(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "checkpoint", LLAMA | {"intermediate_size": 172})
    source = open_decoder_source(str(tmp_path / "checkpoint"))
    with pytest.raises(ModelError, match="172 columns; use int8"):
        export_decoder(source, tmp_path / "out", quantization="int4")
    write_checkpoint(tmp_path / "checkpoint", LLAMA)
    source = open_decoder_source(str(tmp_path / "checkpoint"))
    assert export_decoder(source, tmp_path / "o", quantization="int4", group=32).group == 32
    with pytest.raises(ConfigError, match="group is 48") as refused:
        export_decoder(source, tmp_path / "out", quantization="int4", group=48)
    assert refused.value.param == "group"


def test_a_file_knows_its_tensors_beforehand(tmp_path: Path) -> None:
    layout = [TensorLayout("a", np.dtype(np.int8), (3,)), TensorLayout("b", np.dtype("f4"), (16,))]
    with TensorFile(tmp_path / "whole", layout) as file:
        file.write("a", np.array([1, 2, 3], np.int8))
        file.write("b", np.ones(16, np.float32))
        with pytest.raises(ModelError, match=r"'a' is int8 \[2\], expected int8 \[3\]"):
            file.write("a", np.ones(2, np.int8))
    read = load_file(tmp_path / "whole")
    assert read["a"].tolist() == [1, 2, 3]
    assert read["b"].sum() == 16
    with (
        pytest.raises(ModelError, match="never written: b"),
        TensorFile(tmp_path / "part", layout) as file,
    ):
        file.write("a", np.array([1, 2, 3], np.int8))
