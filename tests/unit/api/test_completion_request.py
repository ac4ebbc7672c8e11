"""From the body of a completion request to what the generator is asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuebox.api.body import decode_json
from cuebox.api.completion_request import CompletionRequest, generate_requests
from cuebox.api.errors import UnsupportedParameter
from cuebox.api.settings import LimitSettings
from cuebox.core.errors import InvalidRequest, PayloadTooLarge
from cuebox.core.generation import GenerateRequest

LIMITS = LimitSettings(max_prompts=3, max_logprobs=5)
DECODER = msgspec.json.Decoder(CompletionRequest)


def ask(**fields: Any) -> list[GenerateRequest]:
    body = {"model": "writer", "prompt": "hello"} | fields
    asked = decode_json(DECODER, msgspec.json.encode(body))
    return generate_requests(asked, LIMITS, client="key:1")


def refused(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        ask(**fields)
    return caught.value


def test_what_is_left_out_or_null_has_openais_default() -> None:
    (plain,) = ask()
    assert plain == GenerateRequest(prompt="hello", client="key:1")
    optional = [name for name in CompletionRequest.__struct_fields__ if name != "model"]
    (nulls,) = ask(**dict.fromkeys(optional))
    assert nulls == GenerateRequest(prompt="", client="key:1")


def test_the_documented_defaults_are_the_generators() -> None:
    ours = CompletionRequest(model="m", prompt="p")
    theirs = GenerateRequest(prompt="p")
    for name in CompletionRequest.__struct_fields__:
        if hasattr(theirs, name) and name != "stop":
            documented = getattr(ours, name)
            used = getattr(theirs, name)
            assert documented == used or (documented is None and not used), name


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", [""]),
        (None, [""]),
        ("a", ["a"]),
        (["a", ""], ["a", ""]),
        ([5, 6], [[5, 6]]),
        ([[5, 6], [7]], [[5, 6], [7]]),
    ],
)
def test_every_form_of_prompt(prompt: object, expected: list[object]) -> None:
    assert [request.prompt for request in ask(prompt=prompt)] == expected


def test_the_fields_arrive() -> None:
    fields: dict[str, Any] = {
        "n": 3, "best_of": 4, "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "top_k": 40,
        "repetition_penalty": 1.1, "presence_penalty": -1.0, "frequency_penalty": 2.0,
        "seed": -(2**63), "echo": True, "logprobs": 5, "heal": False, "stop_at": "sentence",
        "distinct": False, "min_score": -2.5, "max_time_ms": 150.5, "session": "tab",
    }  # fmt: skip
    (request,) = ask(**fields, logit_bias={"50256": -100}, stop=["\n", "."], user="me")
    assert {name: getattr(request, name) for name in fields} == fields
    assert request.logit_bias == {50256: -100}
    assert request.stop == ["\n", "."]
    assert ask(stop="x")[0].stop == ["x"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": []}, "prompt"),
        ({"prompt": [[]]}, "prompt[0]"),
        ({"prompt": ["a", 3]}, "prompt[1]"),
        ({"prompt": [3, "a"]}, "prompt[1]"),
        ({"prompt": [[3], 4]}, "prompt[1]"),
        ({"prompt": [[3], [4, "x"]]}, "prompt[1][1]"),
        ({"prompt": [-1]}, "prompt[0]"),
        ({"prompt": [2**31]}, "prompt[0]"),
        ({"prompt": [True]}, "prompt[0]"),
        ({"prompt": {"text": "a"}}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": "3"}, "n"),
        ({"best_of": 0}, "best_of"),
        ({"n": 3, "best_of": 2}, "best_of"),
        ({"best_of": 2, "stream": True}, "best_of"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 2**62}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"frequency_penalty": -2.1}, "frequency_penalty"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"logprobs": 6}, "logprobs"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"a": 1}}, "logit_bias"),
        ({"logit_bias": {"3": 101}}, "logit_bias[...]"),
        ({"logit_bias": [1]}, "logit_bias"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop[1]"),
        ({"stop_at": "paragraph"}, "stop_at"),
        ({"suffix": "the end"}, "suffix"),
        ({"stream_options": {}}, "stream_options"),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage"),
        (
            {"stream": True, "stream_options": {"include_obfuscation": True}},
            "stream_options.include_obfuscation",
        ),
        ({"coverage": 0}, "coverage"),
        ({"coverage": 1.5}, "coverage"),
        ({"min_score": 0.5}, "min_score"),
        ({"max_time_ms": 0}, "max_time_ms"),
        ({"session": "x" * 129}, "session"),
        ({"session": "x", "prompt": ["a", "b"]}, "session"),
        ({"max_token": 5}, "max_token"),
        ({"model": ""}, "model"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    error = refused(**fields)
    assert error.param == param
    assert "$" not in error.message


@pytest.mark.parametrize("prompt", [["a"] * 4, [[1]] * 4])
def test_too_many_prompts_are_413(prompt: list[object]) -> None:
    error = refused(prompt=prompt)
    assert isinstance(error, PayloadTooLarge)
    assert error.param == "prompt"


def test_what_cannot_be_done_has_a_code_of_its_own() -> None:
    assert isinstance(refused(suffix="x"), UnsupportedParameter)
    assert ask(suffix="")


def test_best_of_n_is_no_obstacle_to_streaming() -> None:
    assert ask(stream=True, n=2, best_of=2)[0].stream


@settings(max_examples=150, deadline=None)
@given(
    prompt=st.recursive(
        st.text(max_size=5) | st.integers(-5, 2**33) | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=8,
    )
)
def test_any_prompt_is_taken_whole_or_refused_by_name(prompt: Any) -> None:
    try:
        requests = ask(prompt=prompt)
    except InvalidRequest as error:
        named = error.param or ""
    else:
        named = "prompt"
        found = [request.prompt for request in requests]
        assert found in ([prompt or ""], prompt, [prompt])
    assert named.startswith("prompt")
