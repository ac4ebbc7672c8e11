from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.api.tensors import InputTensor, label_output, read_texts
from cuebox.core.errors import InvalidRequest
from tests.fakes.asgi import call, make_application

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return make_application(tmp_path)


def _ask(shape: list[int], data: list[Any], **more: Any) -> dict[str, Any]:
    tensor = {"name": "text", "shape": shape, "datatype": "BYTES", "data": data}
    return {"inputs": [tensor], **more}


def _outputs(answer: Any) -> dict[str, Any]:
    return {output["name"]: output for output in answer["outputs"]}


def test_json_in_json_out(application: Application) -> None:
    path = "/v2/models/mood/infer"
    answer = call(application, "POST", path, _ask([2], ["a", "b"], id="7")).json()
    assert (answer["model_name"], answer["model_version"], answer["id"]) == (
        "mood", "2026-11-21.1", "7",
    )  # fmt: skip
    outputs = _outputs(answer)
    assert outputs["probabilities"]["shape"] == [2, 2]
    assert outputs["probabilities"]["data"] == [0.75, 0.25, 0.75, 0.25]
    assert outputs["label"]["data"] == ["glad", "glad"]


def test_a_column_is_the_same_tensor(application: Application) -> None:
    path = "/v2/models/mood/versions/2026-11-21.1/infer"
    flat = call(application, "POST", path, _ask([2, 1], ["a", "b"])).json()
    nested = call(application, "POST", path, _ask([2, 1], [["a"], ["b"]])).json()
    assert flat == nested


def test_an_encoder_embeds(application: Application) -> None:
    answer = call(application, "POST", "/v2/models/minilm/infer", _ask([1], ["a"])).json()
    assert _outputs(answer)["embedding"]["data"] == [0.5, -0.5, 0.25, 0.125]


def test_chosen_outputs_and_binary(application: Application) -> None:
    binary = {"binary_data": True}
    wanted = [{"name": "label", "parameters": binary}, {"name": "probabilities"}]
    answer = call(application, "POST", "/v2/models/mood/infer", _ask([1], ["a"], outputs=wanted))
    split = int(answer.headers["inference-header-content-length"])
    head = msgspec.json.decode(answer.body[:split])
    assert [output["name"] for output in head["outputs"]] == ["label", "probabilities"]
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert "data" not in head["outputs"][0]
    assert head["outputs"][1]["data"] == [0.75, 0.25]
    assert answer.body[split:] == b"\x04\x00\x00\x00glad"


def test_binary_by_default_of_the_request(application: Application) -> None:
    body = _ask([3], ["a", "b", "c"], parameters={"binary_data_output": True})
    answer = call(application, "POST", "/v2/models/minilm/infer", body)
    split = int(answer.headers["inference-header-content-length"])
    values = np.frombuffer(answer.body[split:], "<f4").reshape(3, 4)
    assert values.tolist() == [[0.5, -0.5, 0.25, 0.125]] * 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"datatype": "FP32"}, "BYTES"),
        ({"shape": [3]}, "3 elements"),
        ({"shape": [2, 2]}, "shape"),
        ({"shape": []}, "shape"),
        ({"shape": [-2]}, "shape"),
        ({"name": "words"}, "'text'"),
        ({"data": None}, "no data"),
        ({"data": ["a", 4]}, "text"),
        ({"parameters": {"binary_data_size": 9}}, "binary_data_size"),
        ({"parameters": {"binary_data_size": "9"}}, "binary_data_size"),
    ],
)
def test_wrong_tensors(application: Application, change: dict[str, Any], words: str) -> None:
    body = _ask([2], ["a", "b"])
    body["inputs"][0].update(change)
    answer = call(application, "POST", "/v2/models/mood/infer", body)
    assert answer.status == 400
    assert words in answer.json()["error"]


def test_an_unknown_output_is_named(application: Application) -> None:
    body = _ask([1], ["a"], outputs=[{"name": "logits"}])
    answer = call(application, "POST", "/v2/models/mood/infer", body)
    assert answer.status == 400
    assert "probabilities, label" in answer.json()["error"]


@pytest.mark.parametrize("length", ["x", "-1", "99999999", "9" * 30])
def test_a_wrong_header_length(application: Application, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    body = _ask([1], ["a"])
    assert call(application, "POST", "/v2/models/mood/infer", body, headers).status == 400


def test_metadata(application: Application) -> None:
    assert "binary_tensor_data" in call(application, "GET", "/v2").json()["extensions"]
    model = call(application, "GET", "/v2/models/mood").json()
    assert model["versions"] == ["2026-11-21.1"]
    assert model["outputs"][0] == {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}
    assert call(application, "GET", "/v2/models/mood/ready").json() == {
        "name": "mood", "ready": True,
    }  # fmt: skip
    assert call(application, "GET", "/v2/models/mood/versions/2020-01-01.1").status == 404
    index = call(application, "POST", "/v2/repository/index").json()
    assert [entry["name"] for entry in index] == ["mood", "minilm", "writer", "replies"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=20))
def test_binary_texts_come_back(texts: list[str]) -> None:
    _, content = label_output("text", texts, binary=True)
    tensor = InputTensor(name="text", shape=[len(texts)], datatype="BYTES")
    assert read_texts(tensor, memoryview(content)) == texts


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60)
    | st.lists(st.integers(0, 30), max_size=5).map(
        lambda sizes: b"".join(struct.pack("<I", size) + b"ab" for size in sizes)
    )
)
def test_binary_rubbish_is_refused_or_read(content: bytes) -> None:
    tensor = InputTensor(name="text", shape=[1], datatype="BYTES")
    try:
        texts = read_texts(tensor, memoryview(content))
    except InvalidRequest:
        return
    assert len(texts) == 1
