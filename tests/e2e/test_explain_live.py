"""Which words mattered, asked of a real server with the test encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fakes.server_process import ServerProcess


def test_all_heads_explain_a_text_in_one_request(server: ServerProcess) -> None:
    body = {"model": "*", "input": "where is my card 😡"}
    status, answer, headers = server.request("POST", "/v1/explain", body)
    assert status == 200, answer
    assert {each["model"] for each in answer["data"]} == {"mood", "intent"}
    for each in answer["data"]:
        assert [word["text"] for word in each["words"]] == ["where", "is", "my", "card", "😡"]
        assert [word["start"] for word in each["words"]] == [0, 6, 9, 12, 17]
    assert answer["usage"]["rows"] == 6
    assert "encode;dur=" in headers["server-timing"]
    _, again, _ = server.request("POST", "/v1/explain", body)
    assert again == answer


def test_the_score_is_the_one_that_classify_gives(server: ServerProcess) -> None:
    text = "play some music"
    _, classified, _ = server.request("POST", "/v1/classify", {"model": "intent", "input": text})
    best = classified["data"][0]["results"][0]["labels"][0]
    _, answer, _ = server.request("POST", "/v1/explain", {"model": "intent", "input": text})
    assert answer["data"][0]["label"] == best["label"]
    assert answer["data"][0]["score"] == pytest.approx(best["score"], abs=2e-6)


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "tiny"}, 400, "model"),
        ({"model": "nobody"}, 404, "model"),
        ({"model": ["mood", "nobody"]}, 404, "model[1]"),
        ({"label": "card"}, 400, "label"),
        ({"label": {"intent": "card"}}, 400, "label"),
        ({"input": ""}, 400, "input"),
        ({"input": "x" * 100_001}, 413, "input"),
        ({"input": "a " * 500, "truncate": "error"}, 400, "input"),
    ],
)
def test_refusals(server: ServerProcess, fields: dict[str, str], status: int, param: str) -> None:
    body = {"model": "mood", "input": "hello"} | fields
    found, answer, _ = server.request("POST", "/v1/explain", body)
    assert (found, answer["error"]["param"]) == (status, param)
