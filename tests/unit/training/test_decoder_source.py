"""Language model checkpoints: what is read, and what is refused by name."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from cuebox.core.errors import ConfigError, ModelError
from cuebox.training.decoder_checkpoint import open_checkpoint
from cuebox.training.decoder_export import export_decoder
from cuebox.training.decoder_source import open_decoder_source
from tests.fakes.decoder_checkpoint import GPT2, LLAMA, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def digest(folder: Path, out: Path) -> str:
    spec = export_decoder(open_decoder_source(str(folder)), out, quantization="float32")
    return spec.weights.sha256


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "tiny", LLAMA)
    return tmp_path / "tiny"


def test_a_folder_says_all_that_is_served(checkpoint: Path) -> None:
    source = open_decoder_source(str(checkpoint))
    assert source.shape.architecture == "llama"
    assert (source.shape.hidden, source.shape.kv_heads, source.shape.context) == (64, 2, 96)
    assert source.bos == 0
    assert source.ends == [0, 3], "cuebox's own mark ends a turn"
    assert source.origin == "tiny"
    assert list(source.tensors) == list(source.shape.tensors())
    assert source.shape.parameters == sum(each.size for each in source.tensors.values())


def test_chat_models_end_where_their_generation_settings_say(checkpoint: Path) -> None:
    (checkpoint / "generation_config.json").write_text('{"eos_token_id": [7, 5]}')
    assert open_decoder_source(str(checkpoint)).ends == [3, 5, 7]


def test_shards_and_half_precision_are_read_as_one(checkpoint: Path, tmp_path: Path) -> None:
    whole = digest(checkpoint, tmp_path / "whole")
    path = checkpoint / "model.safetensors"
    tensors = {name: np.array(values) for name, values in open_checkpoint(checkpoint).items()}
    path.unlink()
    names = sorted(tensors)
    parts = {"a.safetensors": names[:5], "b.safetensors": names[5:]}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, checkpoint / file)
    index = {"weight_map": {name: file for file, held in parts.items() for name in held}}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    assert digest(checkpoint, tmp_path / "sharded") == whole

    # Values that both half types can hold.
    rounded = {name: np.round(values, 1).astype(np.float16) for name, values in tensors.items()}
    rounded = {name: np.ldexp(np.rint(np.ldexp(v, 4)), -4) for name, v in rounded.items()}
    save_file(rounded, path)
    half = digest(checkpoint, tmp_path / "half")
    _save_bfloat16(path, {name: values.astype(np.float32) for name, values in rounded.items()})
    assert digest(checkpoint, tmp_path / "brain") == half


def test_a_base_model_without_its_prefix_is_read_too(checkpoint: Path, tmp_path: Path) -> None:
    whole = digest(checkpoint, tmp_path / "whole")
    path = checkpoint / "model.safetensors"
    tensors = {
        name.removeprefix("model."): np.array(values)
        for name, values in open_checkpoint(checkpoint).items()
    }
    path.unlink()
    save_file(tensors, path)
    assert digest(checkpoint, tmp_path / "bare") == whole


@pytest.mark.parametrize(
    ("base", "change", "named"),
    [
        (LLAMA, {"model_type": "mixtral"}, "model_type is 'mixtral'"),
        (LLAMA, {"model_type": None}, "model_type is None"),
        (LLAMA, {"hidden_act": "gelu"}, "hidden_act is 'gelu'"),
        (LLAMA, {"sliding_window": 4096}, "sliding_window is 4096"),
        (LLAMA, {"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5"),
        (LLAMA, {"rope_scaling": {"type": "linear", "factor": 2}}, "rope_scaling.type is 'linear'"),
        (
            LLAMA,
            {"rope_parameters": {"rope_type": "yarn"}},
            "rope_parameters.rope_type is 'yarn'",
        ),
        (
            LLAMA,
            {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
            "rope_scaling.low_freq_factor is None",
        ),
        (LLAMA, {"quantization_config": {"bits": 4}}, "quantization_config"),
        (LLAMA, {"num_key_value_heads": 3}, "num_key_value_heads is 3"),
        (LLAMA, {"hidden_size": "64"}, "hidden_size is '64'"),
        (LLAMA, {"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        (LLAMA, {"tie_word_embeddings": "yes"}, "tie_word_embeddings is 'yes'"),
        (LLAMA, {"vocab_size": 200}, "vocab_size is 200"),
        (LLAMA, {"eos_token_id": 320}, "vocab_size is 320"),
        (LLAMA, {"tie_word_embeddings": False}, "no tensor 'lm_head.weight'"),
        (GPT2, {"activation_function": "relu"}, "activation_function is 'relu'"),
        (GPT2, {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
        (GPT2, {"add_cross_attention": True}, "add_cross_attention is True"),
        (GPT2, {"n_head": 5}, "n_head is 5"),
        (GPT2, {"n_layer": 3}, "no tensor 'h.2.ln_1.weight'"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(
    base: dict[str, Any], change: dict[str, Any], named: str, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path, base)
    (tmp_path / "config.json").write_text(json.dumps(base | change))
    with pytest.raises(ModelError) as refused:
        open_decoder_source(str(tmp_path))
    assert named in refused.value.message


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, GPT2)
    (tmp_path / "config.json").write_text(json.dumps(GPT2 | {"n_inner": 128}))
    with pytest.raises(ModelError, match=r"mlp\.c_fc\.weight: .*shape \[256, 64\].*\[128, 64\]"):
        export_decoder(open_decoder_source(str(tmp_path)), tmp_path / "out")


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    tensors = write_checkpoint(tmp_path, GPT2)
    tensors["transformer.ln_f.bias"][3] = np.nan
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"'final_norm\.bias' has values that are not finite"):
        export_decoder(open_decoder_source(str(tmp_path)), tmp_path / "out")


def test_missing_files_are_named(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere has no config\.json"):
        open_decoder_source(str(tmp_path / "nowhere"))
    (checkpoint / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        open_decoder_source(str(checkpoint))
    (checkpoint / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json is not a tokenizer"):
        open_decoder_source(str(checkpoint))
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    write_checkpoint(tmp_path / "other", LLAMA)
    (checkpoint / "tokenizer.json").write_bytes((tmp_path / "other/tokenizer.json").read_bytes())
    with pytest.raises(ModelError, match="a pickle, which can run code"):
        open_decoder_source(str(checkpoint))


def test_older_tokenizer_files_make_the_same_tokenizer(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, GPT2)
    path = tmp_path / "tokenizer.json"
    model = json.loads(path.read_text())["model"]
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    (tmp_path / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", encoding="utf-8")
    made = json.loads(open_decoder_source(str(tmp_path)).tokenizer_json)
    path.unlink()
    older = json.loads(open_decoder_source(str(tmp_path)).tokenizer_json)
    assert older["model"]["vocab"] == made["model"]["vocab"]
    assert older["model"]["merges"] == made["model"]["merges"]
    assert [each["content"] for each in older["added_tokens"]] == ["<|endoftext|>"]


def test_the_hub_is_asked_for_weights_and_settings_only(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: dict[str, Any] = {}

    def fetch(repository: str, **options: Any) -> str:
        asked.update(options, repository=repository)
        return str(checkpoint)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    source = open_decoder_source("hf:someone/tiny@abc123")
    assert source.origin == "hf:someone/tiny@abc123"
    assert (asked["repository"], asked["revision"]) == ("someone/tiny", "abc123")
    assert not any(pattern.endswith((".py", ".bin", "*")) for pattern in asked["allow_patterns"])

    def fail(repository: str, **options: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(ConfigError, match=r"hf:someone/tiny cannot be fetched .*no route to host"):
        open_decoder_source("hf:someone/tiny")


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 3000))
def test_a_damaged_weights_file_is_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    save_file({"a": np.ones((3, 2), np.float32), "b": np.ones(4, np.float16)}, folder / "whole")
    content = bytearray((folder / "whole").read_bytes())
    content[place % len(content)] = value
    (folder / "model.safetensors").write_bytes(content[: max(0, len(content) - cut % 64)])
    with contextlib.suppress(ModelError):
        found = open_checkpoint(folder)
        assert all(found[name].dtype == np.float32 for name in found)


def _save_bfloat16(path: Path, tensors: dict[str, Any]) -> None:
    header, data = {}, b""
    for name, values in tensors.items():
        content = (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
        place = [len(data), len(data) + len(content)]
        header[name] = {"dtype": "BF16", "shape": values.shape, "data_offsets": place}
        data += content
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + data)
