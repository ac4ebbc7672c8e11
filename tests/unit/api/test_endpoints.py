from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.asgi import call, make_application

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return make_application(tmp_path)


def test_classify_one_and_many(application: Application) -> None:
    one = call(application, "POST", "/v1/classify", {"model": "mood", "input": "a"}).json()
    assert one["object"] == "list"
    assert one["data"][0]["results"][0]["labels"] == [{"label": "glad", "score": 0.75}]
    body = {"model": ["mood", "mood"], "input": ["a", "b", "c"], "top_k": 2}
    many = call(application, "POST", "/v1/classify", body).json()
    assert [row["index"] for row in many["data"]] == [0, 1, 2]
    assert [len(row["results"]) for row in many["data"]] == [2, 2, 2]


@pytest.mark.parametrize("rows", [0, 1, 256, 257, 1024, 3000])
def test_long_answers_come_in_pieces_and_are_the_same(application: Application, rows: int) -> None:
    body = {"model": "mood", "input": ["x"] * rows}
    answer = call(application, "POST", "/v1/classify", body)
    assert ("content-length" in answer.headers) is (rows <= 256)
    assert [row["index"] for row in answer.json()["data"]] == list(range(rows))
    assert answer.json()["usage"]["rows"] == rows


@pytest.mark.parametrize("rows", [1, 64, 65, 500])
@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(application: Application, rows: int, form: str) -> None:
    body = {"model": "minilm", "input": ["x"] * rows, "encoding_format": form}
    answer = call(application, "POST", "/v1/embeddings", body).json()
    assert answer["model"] == "minilm"
    assert answer["usage"] == {
        "prompt_tokens": 3 * rows, "total_tokens": 3 * rows, "cached_rows": 0,
    }  # fmt: skip
    assert [row["index"] for row in answer["data"]] == list(range(rows))
    for row in answer["data"]:
        value: Any = row["embedding"]
        if form == "base64":
            value = np.frombuffer(base64.b64decode(value), "<f4").tolist()
        assert value == [0.5, -0.5, 0.25, 0.125]


def test_models(application: Application) -> None:
    models = call(application, "GET", "/v1/models").json()["data"]
    assert [model["id"] for model in models] == ["mood", "minilm", "writer", "replies"]
    assert call(application, "GET", "/v1/models/mood").json() == models[0]
    assert models[0]["created"] == 1_795_255_200


def test_a_bad_row_is_named(application: Application) -> None:
    body = {"model": "mood", "input": ["a", "b", 7]}
    answer = call(application, "POST", "/v1/classify", body)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == "input[2]"


def test_metrics_are_prometheus_text(application: Application) -> None:
    call(application, "POST", "/v1/classify", {"model": "mood", "input": "a"})
    call(application, "GET", "/nowhere")
    answer = call(application, "GET", "/metrics")
    families = {f.name: f for f in text_string_to_metric_families(answer.body.decode())}
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["cuebox_http_requests"].samples
    }
    assert requests == {("/v1/classify", "200"): 1, ("(none)", "404"): 1}
    seconds = families["cuebox_http_request_seconds"]
    assert seconds.type == "histogram"
    last = [s.value for s in seconds.samples if s.labels.get("le") == "+Inf"]
    assert last == [1, 1]
