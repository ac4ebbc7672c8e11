"""`POST /v1/completions` over a service that counts."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from cuebox.api.settings import LimitSettings, ServerSettings
from cuebox.core.errors import (
    Conflict,
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    Unavailable,
)
from tests.fakes.asgi import Answer, Lines, call, make_application, request_scope
from tests.fakes.service import Service
from tests.fakes.sse import events, texts

if TYPE_CHECKING:
    from pathlib import Path

    from cuebox.api.app import Application


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def application(tmp_path: Path, service: Service) -> Application:
    return make_application(tmp_path, service)


def ask(application: Application, **fields: Any) -> Answer:
    body = {"model": "writer", "prompt": "hello", "max_tokens": 2} | fields
    headers = fields.pop("headers", None)
    body.pop("headers", None)
    return call(application, "POST", "/v1/completions", body, headers)


def test_the_answer_has_openais_form(application: Application) -> None:
    answer = ask(application, n=2, headers={"X-Request-Id": "abc"})
    assert answer.status == 200
    decoded = answer.json()
    assert decoded.pop("created") > 1_700_000_000
    assert decoded == {
        "id": "cmpl-abc",
        "object": "text_completion",
        "model": "writer",
        "system_fingerprint": "2026-11-21.1-0123456789ab",
        "choices": [
            {"index": 0, "text": " one two", "logprobs": None, "finish_reason": "length",
             "score": -1.0},
            {"index": 1, "text": " two three", "logprobs": None, "finish_reason": "length",
             "score": -2.0},
        ],
        "usage": {
            "prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }  # fmt: skip


def test_prompts_are_numbered_and_summed_as_openai_does(application: Application) -> None:
    answer = ask(application, prompt=["a", "bb", "ccc"], n=2).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3, 4, 5]
    assert answer["usage"]["prompt_tokens"] == 6
    assert answer["usage"]["completion_tokens"] == 12


def test_token_prompts_echo_and_logprobs(application: Application, service: Service) -> None:
    answer = ask(application, prompt=[7, 8], echo=True, max_tokens=0, logprobs=1).json()
    (choice,) = answer["choices"]
    assert choice["text"] == "[7, 8]"
    assert choice["logprobs"] == {
        "tokens": ["[7, 8]"],
        "token_logprobs": [-0.5],
        "top_logprobs": [{"[7, 8]": -0.5}],
        "text_offset": [0],
    }
    assert service.prompts[0][0].prompt == [7, 8]
    chosen_only = ask(application, logprobs=0).json()["choices"][0]["logprobs"]
    assert chosen_only["top_logprobs"] is None


def test_tokens_before_the_window_are_told(application: Application) -> None:
    assert ask(application, prompt="x" * 1_200).json()["usage"]["dropped_tokens"] == 200


def test_extensions_reach_the_generator(application: Application, service: Service) -> None:
    ask(application, coverage=0.4, session="tab", max_time_ms=100)
    request, coverage = service.prompts[0]
    assert (coverage, request.session, request.max_time_ms) == (0.4, "tab", 100)
    assert request.client == "peer:127.0.0.1"


def test_server_timing(application: Application) -> None:
    timing = ask(application).headers["server-timing"]
    assert timing.startswith("queue;dur=1.50, first_token;dur=2.50, generate;dur=3.50, total;dur=")
    streamed = ask(application, stream=True).headers["server-timing"]
    assert re.fullmatch(r"first_token;dur=[\d.]+, total;dur=[\d.]+", streamed)


def test_streaming_gives_the_same_text(application: Application) -> None:
    whole = ask(application, prompt=["a", "b"], n=3, max_tokens=6).json()
    answer = ask(application, prompt=["a", "b"], n=3, max_tokens=6, stream=True)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers
    assert texts(answer.body) == {c["index"]: c["text"] for c in whole["choices"]}
    *chunks, done = events(answer.body)
    assert done == "[DONE]"
    assert len(chunks) == 2 * 3 * 6
    assert len({(c["id"], c["created"], c["model"], c["system_fingerprint"]) for c in chunks}) == 1  # type: ignore[index]
    assert all(set(c) == set(whole) - {"usage"} for c in chunks)


def test_each_choice_of_a_stream_ends_once(application: Application) -> None:
    *chunks, _ = events(ask(application, n=2, max_tokens=3, stream=True).body)
    choices: list[dict[str, Any]] = [chunk["choices"][0] for chunk in chunks]  # type: ignore[index]
    ends = [choice for choice in choices if choice["finish_reason"]]
    assert [(end["index"], end["finish_reason"]) for end in ends] == [(0, "length"), (1, "length")]
    assert [end["score"] for end in ends] == [-1.0, -2.0]
    assert all("score" not in choice for choice in choices if choice not in ends)


def test_a_stream_with_usage_and_logprobs(application: Application) -> None:
    options = {"include_usage": True}
    answer = ask(application, stream=True, stream_options=options, logprobs=1)
    *chunks, last, _ = events(answer.body)
    assert isinstance(last, dict)
    assert last["choices"] == []
    assert last["usage"] == ask(application).json()["usage"]
    for chunk in chunks:
        assert isinstance(chunk, dict)
        assert chunk["usage"] is None
        assert chunk["choices"][0]["logprobs"]["token_logprobs"] == [-0.5]  # type: ignore[index]


def test_text_of_every_sort_survives(application: Application) -> None:
    nasty = 'a\n\ndata: [DONE]\r\u2028"\\ \U0001f600\x00'
    answer = ask(application, prompt=nasty, echo=True, stream=True)
    assert texts(answer.body)[0].startswith(nasty)
    assert events(answer.body)[-1] == "[DONE]"


@pytest.mark.parametrize("model", ["mood", "minilm"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_of_another_kind(application: Application, model: str, stream: bool) -> None:
    answer = ask(application, model=model, stream=stream)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["param"] == "model"
    assert "kind" in error["message"]


def test_a_completion_model_is_nothing_else(application: Application) -> None:
    for path in ("/v1/classify", "/v1/embeddings"):
        answer = call(application, "POST", path, {"model": "writer", "input": "a"})
        assert (answer.status, answer.json()["error"]["param"]) == (400, "model")
    metadata = call(application, "GET", "/v2/models/writer").json()
    assert metadata["inputs"] == metadata["outputs"] == []


def test_unknown_models_and_fields(application: Application) -> None:
    assert ask(application, model="nobody").status == 404
    error = ask(application, max_token=5).json()["error"]
    assert (error["param"], error["code"]) == ("max_token", "invalid_request")
    suffix = ask(application, suffix="end").json()["error"]
    assert (suffix["param"], suffix["code"]) == ("suffix", "unsupported_parameter")


def test_limits_come_from_the_settings(tmp_path: Path) -> None:
    settings = ServerSettings(limits=LimitSettings(max_prompts=2, max_logprobs=7))
    application = make_application(tmp_path, settings=settings)
    assert ask(application, prompt=["a"] * 3).status == 413
    assert ask(application, logprobs=8).json()["error"]["param"] == "logprobs"
    assert ask(application, prompt=["a"] * 2, logprobs=7).status == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Overloaded("full", retry_after=2), 429, "overloaded"),
        (Unavailable("the engine is down", retry_after=1), 503, "unavailable"),
        (Conflict("a newer request came"), 409, "superseded"),
        (InvalidRequest("an unknown id", param="logit_bias"), 400, "invalid_request"),
        (RuntimeError("secret"), 500, "internal_error"),
    ],
)
def test_errors_before_the_first_word_have_their_status(
    application: Application,
    service: Service,
    error: Exception,
    status: int,
    code: str,
    stream: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.fail = error
    with caplog.at_level(logging.CRITICAL):
        answer = ask(application, stream=stream)
    assert answer.status == status
    assert answer.json()["error"]["code"] == code
    assert answer.headers.get("retry-after") == {429: "2", 503: "1"}.get(status)
    # The openai client repeats a 409 unless told not to, and would supersede in turn.
    assert answer.headers.get("x-should-retry") == ("false" if status == 409 else None)
    assert service.generating == 0


@pytest.mark.parametrize("stream", [False, True])
def test_one_bad_prompt_fails_the_request_by_name(
    application: Application, service: Service, stream: bool
) -> None:
    service.fail_prompt["c"] = InvalidRequest("too many tokens", param="prompt")
    answer = ask(application, prompt=["a", "b", "c"], stream=stream)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == "prompt[2]"
    assert service.generating == 0


@pytest.mark.parametrize(
    ("param", "named"), [(None, "prompt[1]"), ("prompt[7]", "prompt[1][7]"), ("n", "n")]
)
def test_which_field_of_which_prompt(
    application: Application, service: Service, param: str | None, named: str
) -> None:
    service.fail_prompt["[9]"] = InvalidRequest("no", param=param)
    answer = ask(application, prompt=[[1], [9]])
    assert answer.json()["error"]["param"] == named


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("the engine is down"), "unavailable"),
        (Conflict("a newer request came"), "superseded"),
        (RuntimeError("secret"), "internal_error"),
    ],
)
def test_an_error_in_the_middle_ends_the_stream_with_it(
    tmp_path: Path, service: Service, error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = Lines()
    application = make_application(tmp_path, service, lines=lines)
    service.fail_late = error
    with caplog.at_level(logging.CRITICAL):
        answer = ask(application, stream=True)
    assert answer.status == 200
    *chunks, last = events(answer.body)
    assert len(chunks) == 2
    assert isinstance(last, dict)
    assert last["error"]["code"] == code  # type: ignore[index]
    assert b"secret" not in answer.body
    assert service.generating == 0
    assert f'"failure":"{code}"'.encode() in lines.lines[-1]


@pytest.mark.parametrize("stream", [False, True])
def test_the_deadline_before_the_first_word(
    application: Application, service: Service, stream: bool
) -> None:
    service.hold = asyncio.Event()
    answer = ask(application, stream=stream, headers={"X-Request-Timeout-Ms": "30"})
    assert answer.status == 504
    assert answer.json()["error"]["code"] == DeadlineExceeded.code
    assert service.generating == 0


def test_the_deadline_after_the_first_word(application: Application, service: Service) -> None:
    service.pause = asyncio.Event()
    answer = ask(application, stream=True, headers={"X-Request-Timeout-Ms": "30"})
    assert answer.status == 200
    assert events(answer.body)[-1]["error"]["code"] == DeadlineExceeded.code  # type: ignore[index]
    assert service.generating == 0


def test_a_client_that_leaves_a_stream_under_any_asgi_server(
    tmp_path: Path, service: Service
) -> None:
    lines = Lines()
    application = make_application(tmp_path, service, lines=lines)
    service.pause = asyncio.Event()

    async def scenario() -> list[bytes]:
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        body = msgspec.json.encode({"model": "writer", "prompt": "a", "stream": True})
        await messages.put({"type": "http.request", "body": body})
        sent: list[bytes] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                sent.append(message["body"])
                await messages.put({"type": "http.disconnect"})

        await application(request_scope("POST", "/v1/completions", {}), messages.get, send)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return sent

    (begun,) = asyncio.run(scenario())
    assert texts(begun) == {0: " one"}
    assert service.generating == 0
    assert msgspec.json.decode(lines.lines[0])["status"] == 499


def test_models_list_it(application: Application) -> None:
    model = call(application, "GET", "/v1/models/writer").json()
    assert (model["kind"], model["decoder"]) == ("completion", "0123456789abcdef")
    assert (model["labels"], model["max_tokens"]) == ([], 64)
