"""Reading a weights file: every way in which it can be wrong names the tensor or the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from cuebox.core.errors import ModelError
from cuebox.engines.decoder_weights import DecoderWeights

if TYPE_CHECKING:
    from pathlib import Path

TENSORS: dict[str, np.ndarray[Any, Any]] = {
    "norm": np.arange(4, dtype=np.float32),
    "int8": np.arange(8, dtype=np.int8).reshape(2, 4),
    "int8.scale": np.array([[0.5], [2.0]], np.float16),
    "int4": np.array([[0x21, 0xF0], [0x11, 0x22]], np.uint8),
    "int4.scale": np.ones((2, 2), np.float16),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    save_file(TENSORS, str(path), metadata={"format": "np"})
    return path


def test_tensors_are_those_of_the_file(path: Path) -> None:
    weights = DecoderWeights(path)
    np.testing.assert_array_equal(weights.vector("norm", 4), TENSORS["norm"])
    matrix = weights.int8("int8", 2, 4)
    np.testing.assert_array_equal(matrix.values, TENSORS["int8"])
    assert weights.int4("int4", 2, 4, 2).values.shape == (2, 2)
    assert "norm" in weights
    assert "bias" not in weights
    assert weights.unread == []


def test_what_nobody_asked_for_is_told(path: Path) -> None:
    weights = DecoderWeights(path)
    weights.vector("norm", 4)
    assert weights.unread == ["int4", "int4.scale", "int8", "int8.scale"]


def test_pages_may_be_released_at_any_time(path: Path) -> None:
    weights = DecoderWeights(path)
    values = weights.vector("norm", 4)
    weights.release_pages()
    np.testing.assert_array_equal(values, TENSORS["norm"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"int8": None}, "lacks the tensor int8$"),
        ({"int8.scale": None}, r"lacks the tensor int8\.scale"),
        ({"int8": np.zeros((4, 2), np.int8)}, r"int8 of .* is I8 \[4, 2\]: expected int8 \[2, 4\]"),
        ({"int8": np.zeros((2, 4), np.uint8)}, r"int8 of .* is U8 \[2, 4\]: expected int8"),
        ({"int8": np.zeros((2, 4), np.int64)}, r"int8 of .* is I64"),
        ({"int8.scale": np.ones((2, 1), np.float32)}, r"int8\.scale of .* is F32"),
        ({"int8.scale": np.array([[1], [np.nan]], np.float16)}, r"int8\.scale of .* not finite"),
        ({"int8.scale": np.array([[1], [np.inf]], np.float16)}, r"int8\.scale of .* not finite"),
    ],
)
def test_a_wrong_tensor_is_named(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    path = tmp_path / "weights.safetensors"
    tensors = {name: each for name, each in {**TENSORS, **changed}.items() if each is not None}
    save_file(tensors, str(path))
    with pytest.raises(ModelError, match=message):
        DecoderWeights(path).int8("int8", 2, 4)


@pytest.mark.parametrize("group", [0, 1, 3, 8])
def test_groups_must_divide_the_columns(path: Path, group: int) -> None:
    with pytest.raises(ModelError, match=f"int4 of .* groups of {group} do not divide"):
        DecoderWeights(path).int4("int4", 2, 4, group)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        DecoderWeights(tmp_path / "absent")


@given(length=st.integers(min_value=0))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_file_cut_short_is_refused(path: Path, tmp_path: Path, length: int) -> None:
    whole = path.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: length % len(whole)])
    with pytest.raises(ModelError):
        _read_all(cut)


@given(content=st.binary(max_size=64), header=st.text(max_size=64))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_whatever_do_more_than_be_refused(
    tmp_path: Path, content: bytes, header: str
) -> None:
    path = tmp_path / "any"
    for each in (content, len(header.encode()).to_bytes(8, "little") + header.encode() + content):
        path.write_bytes(each)
        with pytest.raises(ModelError):
            _read_all(path)


@pytest.mark.parametrize(
    "entry",
    [
        '{"dtype":"F32","shape":[4],"data_offsets":[0,1600]}',
        '{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}',
        '{"dtype":"F32","shape":[4],"data_offsets":[16,0]}',
        '{"dtype":"F32","shape":[4],"data_offsets":[0,12]}',
        '{"dtype":"F32","shape":[4]}',
        '{"dtype":"F32","shape":"4","data_offsets":[0,16]}',
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "weights.safetensors"
    header = f'{{"norm":{entry}}}'.encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(ModelError, match=r"damaged or cut short|not a safetensors file"):
        DecoderWeights(path).vector("norm", 4)


def _read_all(path: Path) -> None:
    weights = DecoderWeights(path)
    weights.vector("norm", 4)
    weights.int8("int8", 2, 4)
    weights.int4("int4", 2, 4, 2)
