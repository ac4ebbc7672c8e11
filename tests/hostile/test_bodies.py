"""Bodies of every sort: the designed 4xx, never a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.asgi import call, make_application
from tests.fakes.sse import events, texts

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application

ROUTES = [
    "/v1/classify",
    "/v1/explain",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/suggest",
    "/v2/models/mood/infer",
    "/v2/repository/index",
    "/v1/admin/models/mood/promote",
    "/v1/admin/models/mood/rollback",
]
PREDICT = ROUTES[:6]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
field_names = st.sampled_from(
    ["model", "input", "top_k", "threshold", "truncate", "on_error", "inputs", "outputs", "id",
     "name", "shape", "datatype", "data", "parameters", "encoding_format", "dimensions", "x",
     "prompt", "n", "best_of", "max_tokens", "temperature", "top_p", "logit_bias", "logprobs",
     "stop", "seed", "echo", "stream", "stream_options", "stop_at", "coverage", "session",
     "conversation", "draft", "k", "completion", "min_score", "max_time_ms", "label"]
)  # fmt: skip


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    return make_application(tmp_path_factory.mktemp("bodies"))


def check(application: Application, path: str, body: bytes) -> int:
    answer = call(application, "POST", path, body)
    assert answer.status < 500, (path, body[:200], answer.body)
    if answer.headers["content-type"].startswith("text/event-stream"):
        assert events(answer.body)[-1] == "[DONE]"
        return answer.status
    decoded = answer.json()
    if answer.status >= 400:
        error = decoded["error"]
        assert isinstance(error, str) if path.startswith("/v2") else error["message"]
    return answer.status


FIXED = {
    "empty": b"",
    "not json": b"hello",
    "truncated": b'{"model": "mood", "input": "a"',
    "array": b"[1, 2]",
    "number": b"7",
    "null": b"null",
    "nan": b'{"model": "mood", "input": NaN}',
    "infinity": b'{"model": "mood", "input": "a", "threshold": Infinity}',
    "huge number": b'{"model": "mood", "input": [1e999]}',
    "long number": b'{"model": "mood", "input": [' + b"9" * 5000 + b"]}",
    "lone surrogate": b'{"model": "mood", "input": "\\ud800"}',
    "surrogate in name": b'{"model": "\\udfff", "input": "a"}',
    "invalid utf-8": b'{"model": "mood", "input": "\xff\xfe"}',
    "overlong utf-8": b'{"model": "mood", "input": "\xc0\x80"}',
    "utf-16": '{"model": "mood", "input": "a"}'.encode("utf-16"),
    "bom": b'\xef\xbb\xbf{"model": "mood", "input": "a"}',
    "nul bytes": b"\x00" * 100,
    "deep lists": b'{"model": "mood", "input": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "many rows": msgspec.json.encode({"model": "mood", "input": ["x"] * 100_000}),
    "many models": msgspec.json.encode({"model": ["mood"] * 100_000, "input": "x"}),
    "many fields": msgspec.json.encode({f"f{i}": i for i in range(100_000)}),
    "long name": msgspec.json.encode({"model": "m" * 1_000_000, "input": "x"}),
}


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("body", FIXED.values(), ids=FIXED.keys())
def test_known_nasty_bodies(application: Application, path: str, body: bytes) -> None:
    empty_means_defaults = body == b"" and path.endswith(("index", "rollback"))
    status = check(application, path, body) if not empty_means_defaults else 400
    if path in PREDICT:
        assert 400 <= status < 500


def completion(**fields: Any) -> bytes:
    return msgspec.json.encode({"model": "writer", "prompt": "a"} | fields)


def explain(**fields: Any) -> bytes:
    return msgspec.json.encode({"model": "mood", "input": "a"} | fields)


NASTY_EXPLANATIONS = {
    "several texts": explain(input=["a", "b"]),
    "no text": explain(input=None),
    "many models": explain(model=["mood"] * 257),
    "no model": explain(model=[]),
    "labels in a list": explain(label=["glad"]),
    "a label that is a number": explain(label={"mood": 7}),
    "an unknown way to cut": explain(truncate="middle"),
    "an unknown field": explain(top_k=3),
    "deep label": b'{"model":"mood","input":"a","label":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", NASTY_EXPLANATIONS.values(), ids=NASTY_EXPLANATIONS.keys())
def test_nasty_explanations(application: Application, body: bytes) -> None:
    assert 400 <= check(application, "/v1/explain", body) < 500


NASTY_COMPLETIONS = {
    "many choices": completion(n=2**62),
    "many tokens": completion(max_tokens=2**62),
    "endless number": b'{"model":"writer","prompt":"a","seed":' + b"9" * 5000 + b"}",
    "infinite temperature": b'{"model":"writer","prompt":"a","temperature":1e999}',
    "many prompts": completion(prompt=["a"] * 100_000),
    "many empty prompts": completion(prompt=[[]] * 100_000),
    "tokens and a text": completion(prompt=[*([1] * 1_500_000), "a"]),
    "huge token": completion(prompt=[2**63]),
    "deep prompt": b'{"model":"writer","prompt":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "lone surrogate": b'{"model":"writer","prompt":"\\ud800"}',
    "many biases": completion(logit_bias={str(i): 1 for i in range(2_000)}),
    "bias of no token": completion(logit_bias={"-": 1}),
    "many stops": completion(stop=["x"] * 1000),
    "long stop": completion(stop="x" * 1_000_000),
    "long session": completion(session="x" * 1_000_000),
    "long user and suffix": completion(user="x" * 1000, suffix="y" * 1_000_000),
}


@pytest.mark.parametrize("body", NASTY_COMPLETIONS.values(), ids=NASTY_COMPLETIONS.keys())
def test_nasty_completions(application: Application, body: bytes) -> None:
    assert 400 <= check(application, "/v1/completions", body) < 500


@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(field_names, json_values | st.text(max_size=20), max_size=4))
def test_random_values_in_completions(application: Application, fields: dict[str, Any]) -> None:
    check(application, "/v1/completions", completion(**fields))


@settings(max_examples=80, deadline=None)
@given(prompt=st.text(max_size=50), stream=st.booleans(), n=st.integers(1, 4))
def test_any_text_comes_back_as_it_was_sent(
    application: Application, prompt: str, stream: bool, n: int
) -> None:
    body = completion(prompt=prompt, echo=True, max_tokens=0, stream=stream, n=n)
    answer = call(application, "POST", "/v1/completions", body)
    if not stream:
        assert [choice["text"] for choice in answer.json()["choices"]] == [prompt] * n
    elif prompt:
        assert texts(answer.body) == dict.fromkeys(range(n), prompt)


def test_a_repeated_key_counts_once(application: Application) -> None:
    body = b'{"model": "nobody", "model": "mood", "input": "a"}'
    assert check(application, "/v1/classify", body) == 200


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PREDICT), body=st.binary(max_size=200))
def test_random_bytes(application: Application, path: str, body: bytes) -> None:
    check(application, path, body)


@settings(max_examples=200, deadline=None)
@given(
    path=st.sampled_from(PREDICT),
    fields=st.dictionaries(field_names, json_values, max_size=5),
    known=st.booleans(),
)
def test_random_values_in_known_fields(
    application: Application, path: str, fields: dict[str, Any], known: bool
) -> None:
    base: dict[str, Any] = {"model": "mood", "input": "a"} if known else {}
    check(application, path, msgspec.json.encode(base | fields))


@settings(max_examples=150, deadline=None)
@given(tensor=st.dictionaries(field_names, json_values, max_size=6), header=st.text(max_size=6))
def test_random_tensors(application: Application, tensor: dict[str, Any], header: str) -> None:
    base = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}
    body = msgspec.json.encode({"inputs": [base | tensor]})
    headers = {"Inference-Header-Content-Length": header.encode("utf-8").decode("latin-1")}
    for given_headers in ({}, headers):
        answer = call(application, "POST", "/v2/models/mood/infer", body, given_headers)
        assert answer.status < 500


@settings(max_examples=150, deadline=None)
@given(path=st.text(max_size=40), method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "BREW"]))
def test_random_paths(application: Application, path: str, method: str) -> None:
    for prefix in ("/", "/v1/models/", "/v2/models/", "/v2/models/mood/versions/"):
        assert call(application, method, prefix + path, b"{}").status < 500


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["authorization", "x-api-key", "x-request-id", "traceparent", "content-type",
             "content-length", "content-encoding", "origin", "x-request-timeout-ms", "host"]
        ),
        st.text(st.characters(max_codepoint=255), max_size=30),
    )
)  # fmt: skip
def test_random_headers(application: Application, headers: dict[str, str]) -> None:
    body = {"model": "mood", "input": "a"}
    assert call(application, "POST", "/v1/classify", body, headers).status < 500


def test_the_real_service_refuses_bad_rows_too(tmp_path: Path) -> None:
    """Rows are the service's to judge; it must do so without a 500 as well."""
    import asyncio

    from cuebox.app.build import build_service
    from cuebox.app.settings import load_settings
    from tests.fakes.tiny_store import make_store

    store = make_store(tmp_path)
    overrides = {"store.url": str(store), "engine.cache_dir": str(tmp_path / "engine")}
    service = build_service(load_settings(None, overrides, {}))
    asyncio.run(service.reload())
    application = make_application(tmp_path, service)  # type: ignore[arg-type]
    rows: list[Any] = ["", " ", "a\x00b", "\u202e", "x" * 100_001, None, 3, 1e300, True, [], {}]
    rows += [[1], ["a"], [[1]], {"text": "a"}]
    for path in ("/v1/classify", "/v1/embeddings"):
        for row in rows:
            for values in (row, [row], ["ok", row]):
                body = {"model": "tiny" if "emb" in path else "*", "input": values}
                check(application, path, msgspec.json.encode(body))
