"""The `tritonclient` HTTP client, unchanged."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.fakes.models import embed_tiny

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # gevent's, at import
    import tritonclient.http as triton

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.server_process import ServerProcess

TEXTS = ["where is my card", "play some music"]


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Any]:
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    yield client
    client.close()


def _input(shape: list[int], *, binary: bool = True) -> Any:
    tensor = triton.InferInput("text", shape, "BYTES")
    values = np.array([text.encode() for text in TEXTS], dtype=np.object_).reshape(shape)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("mood")
    assert not client.is_model_ready("nobody")
    assert client.get_server_metadata()["name"] == "cuebox"
    metadata = client.get_model_metadata("intent")
    assert metadata["outputs"][0]["shape"] == [-1, 3]
    names = [entry["name"] for entry in client.get_model_repository_index()]
    assert sorted(names) == ["intent", "mood", "tiny"]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_classify(client: Any, binary_in: bool, binary_out: bool, shape: list[int]) -> None:
    outputs = [
        triton.InferRequestedOutput(name, binary_data=binary_out)
        for name in ("probabilities", "label")
    ]
    inputs = [_input(shape, binary=binary_in)]
    answer = client.infer("mood", inputs, outputs=outputs, request_id="abc")
    probabilities = answer.as_numpy("probabilities")
    assert probabilities.shape == (2, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    labels = [
        label.decode() if isinstance(label, bytes) else label for label in answer.as_numpy("label")
    ]
    assert labels == ["glad", "glad"]
    assert answer.get_response()["id"] == "abc"


def test_embed_with_defaults(client: Any) -> None:
    answer = client.infer("tiny", [_input([2])])
    # int8 activations are scaled per batch, so a batch of two differs a little from one.
    assert ((answer.as_numpy("embedding") * embed_tiny(TEXTS)).sum(axis=1) > 0.99).all()


def test_a_version(client: Any) -> None:
    version = client.get_model_metadata("mood")["versions"][0]
    assert client.infer("mood", [_input([2])], model_version=version).as_numpy("label") is not None
    with pytest.raises(triton.InferenceServerException, match="1999"):
        client.infer("mood", [_input([2])], model_version="1999-01-01.1")


def test_errors_are_the_clients_own(client: Any) -> None:
    with pytest.raises(triton.InferenceServerException, match="nobody"):
        client.infer("nobody", [_input([2])])
    wrong = triton.InferInput("text", [1], "INT32")
    wrong.set_data_from_numpy(np.array([1], np.int32))
    with pytest.raises(triton.InferenceServerException, match="BYTES"):
        client.infer("mood", [wrong])
